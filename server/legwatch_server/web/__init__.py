"""The HTTP server: health, metrics, and the answers from a phone."""
