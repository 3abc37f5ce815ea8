"""From raw samples to signals that the rules can use: one physical quantity per file."""
