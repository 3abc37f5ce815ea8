"""`legwatch replay`: the rules over recorded nights."""
