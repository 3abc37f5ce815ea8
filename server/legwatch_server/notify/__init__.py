"""Plan notifications, send them over the channels and record each delivery."""
