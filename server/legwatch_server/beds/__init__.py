"""The one thread that owns the state of every bed."""
