"""Pictures of nights: what was measured, what was believed, what was said, and what was true."""
