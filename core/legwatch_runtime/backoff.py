"""Waits that double: after each failed try the next wait is twice as long."""


class Backoff:
    """The wait before the next try: it starts at `first_s` and doubles up to `longest_s`."""

    def __init__(self, first_s: float, longest_s: float) -> None:
        self._first_s, self._longest_s = first_s, longest_s
        self._next_s = first_s

    def next_s(self) -> float:
        """Return the seconds before the next try, and double them for the try after that."""
        wait_s = self._next_s
        self._next_s = min(self._longest_s, wait_s * 2)
        return wait_s

    def reset(self) -> None:
        """Start with `first_s` again: call this after a successful try."""
        self._next_s = self._first_s
