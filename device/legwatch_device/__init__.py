"""The bedside agent: read the sensors, store the windows in the spool, send them."""
