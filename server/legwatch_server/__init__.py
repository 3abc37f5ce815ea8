"""The server: store, decide, tell."""
