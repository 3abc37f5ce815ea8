"""Made nights, scores, plots and fits: for those who judge or change the rules."""
