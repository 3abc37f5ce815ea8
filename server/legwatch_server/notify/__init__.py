"""Who is notified of what, on which channel, and what became of it."""
