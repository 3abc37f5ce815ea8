"""Fits the classifier of uncovered legs to nights whose truth is known."""
