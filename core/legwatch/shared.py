"""One number in memory for equal ones: a bed remembers dozens, most are multiples of 0.01."""

from functools import lru_cache


@lru_cache(maxsize=4096)
def known(value: float) -> float:
    """Return the equal number that is known already; not for zero, which has two signs."""
    return value


def shared(value: float) -> float:
    """Return the equal number that is known already; zero, which has two signs, stays."""
    return value and known(value)
