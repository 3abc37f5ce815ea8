"""`legwatch replay`: run the rules over recorded nights."""
