"""Plots of nights: readings, the engine's estimates, notices and, if it is known, the truth."""
