"""Made nights from simple rules: a room, a bed, and a sleeper."""
