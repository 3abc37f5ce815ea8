"""Nights from a body model: JOS-3 for the skin, thermal resistances for the air in the bed."""
