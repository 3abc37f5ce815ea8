"""The guided set-up in a terminal: from parts on a table to a phone that rings."""
