"""The server's messages to other programs."""
