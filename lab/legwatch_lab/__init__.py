"""Tools to judge or change the rules: made nights, scores, plots and fits."""
