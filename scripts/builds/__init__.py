"""What `python -m scripts.draw_builds` draws with."""
