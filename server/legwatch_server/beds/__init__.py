"""The writer thread: the only thread that changes the state of the beds."""
