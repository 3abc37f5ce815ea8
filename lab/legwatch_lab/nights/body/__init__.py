"""Nights from a body model: JOS-3 for the skin, resistances for the air in the bed."""
