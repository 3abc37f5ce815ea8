"""What is wired to this Pi, and what it says: for `legwatch sensors`, and for a guided set-up."""
