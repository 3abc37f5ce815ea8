"""A backup: settings, database and, if asked for, keys in one file, which is opened again."""
