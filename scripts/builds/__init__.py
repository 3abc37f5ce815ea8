"""The parts of scripts/draw_builds.py."""
