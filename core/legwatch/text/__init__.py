"""The texts that people read, each person in their own language."""
