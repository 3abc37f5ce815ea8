"""Propose limits from a bed's stored nights; a person decides whether to use them."""
