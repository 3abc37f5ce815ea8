"""The bedside agent: read the sensors, keep the windows, send them."""
