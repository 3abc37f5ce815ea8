"""Who may speak to this server's own broker from elsewhere in the house, and how one is let in."""
