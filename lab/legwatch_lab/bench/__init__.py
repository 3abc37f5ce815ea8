"""How well legwatch detects cold legs, on nights whose truth is known."""
