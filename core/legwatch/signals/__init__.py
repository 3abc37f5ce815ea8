"""From raw samples to what is believed: one physical thing a file."""
