"""What people read, in the language of each."""
