"""Waits that double: what is asked in vain is asked again more and more seldom."""


class Backoff:
    """The wait before each next try, from `first_s` doubling up to `longest_s`."""

    def __init__(self, first_s: float, longest_s: float) -> None:
        self._first_s, self._longest_s = first_s, longest_s
        self._next_s = first_s

    def next_s(self) -> float:
        """Return the wait before the next try; the one after that is twice as long."""
        wait_s = self._next_s
        self._next_s = min(self._longest_s, wait_s * 2)
        return wait_s

    def reset(self) -> None:
        """Begin with the first wait again, after a try that worked."""
        self._next_s = self._first_s
