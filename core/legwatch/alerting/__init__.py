"""The life of an alert: its notices, what suppresses them, and what people answer."""
