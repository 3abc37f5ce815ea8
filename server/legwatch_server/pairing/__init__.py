"""Who may speak to this server's own broker from elsewhere in the house, and how one is let in."""

FOLDER = "house"  # in the server's state_dir
PORT = 8884  # where a bedside comes with its code
