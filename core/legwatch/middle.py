"""The median. The module `statistics` has it, too, and takes longer to import than the engine."""

from collections.abc import Collection


def median(values: Collection[float]) -> float:
    """Return the value in the middle, or the mean of the two in the middle; there must be one."""
    ordered = sorted(values)
    half, odd = divmod(len(ordered), 2)
    return ordered[half] if odd else (ordered[half - 1] + ordered[half]) / 2
