"""A thermometer, a presence sensor and a channel for legwatch, from another package."""
