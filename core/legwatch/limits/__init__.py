"""Every limit that an owner can set, with its range and its source."""
