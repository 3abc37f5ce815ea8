"""Who is notified, when, and who is next."""
