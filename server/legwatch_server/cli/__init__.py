"""The commands that people type on the server."""
