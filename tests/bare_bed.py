"""A bed by its minutes: empty in the evening, then a covered sleeper, then no cover or nobody."""

import math

from legwatch.testing import wobbling

BED_MIN, OFF_MIN = 120, 300  # of an evening with an empty bed, and of the fall


def air(m: float) -> float:
    """Return the air by the legs: an empty bed, a covered sleeper, then no cover, or nobody."""
    empty = wobbling(17.5)(m) or 0.0
    if m < BED_MIN:
        return empty
    warm = empty + 12.5 * (1 - math.exp(-(m - BED_MIN) / 18))
    fallen = 1 - math.exp(-max(0.0, m - OFF_MIN) / 12)
    return warm + fallen * (empty + 2.5 - warm)


def sleeper(m: float) -> int:
    """Turn each twenty minutes, also after the cover is off."""
    return 0 if m < BED_MIN else 5 if BED_MIN <= m < BED_MIN + 1 else 7 if m % 20 < 0.1 else 0


def leaves(m: float) -> int:
    """Turn until the bed is left, which takes a minute; then nothing moves."""
    return sleeper(m) if m < OFF_MIN else 12 if m < OFF_MIN + 0.7 else 0
