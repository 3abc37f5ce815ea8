"""95 % intervals in closed form, which hold also where something happened never or once."""

import math
from collections.abc import Sequence

from legwatch_lab.bench.goals import NEVER
from legwatch_lab.score.interval import Estimate, quantile

Z = 1.959964  # of a normal distribution, 95 % lie within so many standard deviations


def share(hits: int, of: int) -> Estimate:
    """Return a share in % with the interval of Wilson."""
    if not of:
        return Estimate(None, None, None, 0)
    part, more = hits / of, Z * Z / of
    middle = (part + more / 2) / (1 + more)
    around = Z * math.sqrt(part * (1 - part) / of + more / (4 * of)) / (1 + more)
    low, high = max(0.0, middle - around), min(1.0, middle + around)
    return Estimate(100 * part, 100 * low, 100 * high, of)


def rate(counts: Sequence[int]) -> Estimate:
    """Return how often something happens in a night, with the interval of Poisson (Byar's form).

    What comes in clumps is known less well: the interval counts as many events as its variance is
    that of. What never happened has the rule of three.
    """
    nights, total = len(counts), sum(counts)
    if not nights:
        return Estimate(None, None, None, 0)
    if not total:
        return Estimate(0.0, 0.0, NEVER / nights, nights)
    mean = total / nights
    variance = sum((count - mean) ** 2 for count in counts) / nights
    clump = max(1.0, variance / mean)
    seen = total / clump
    low = max(0.0, 1 - 1 / (9 * seen) - Z / (3 * math.sqrt(seen)))
    more = seen + 1
    high = 1 - 1 / (9 * more) + Z / (3 * math.sqrt(more))
    scale = clump / nights
    return Estimate(mean, scale * seen * low**3, scale * more * high**3, nights)


def late(values: Sequence[float], at: float) -> Estimate:
    """Return a quantile, between two of the values by rank; where there are too few, to no end."""
    ordered = sorted(values)
    middle = quantile(ordered, at)
    if middle is None:
        return Estimate(None, None, None, 0)
    count = len(ordered)
    around = Z * math.sqrt(count * at * (1 - at))
    below, above = math.floor(count * at - around), math.ceil(count * at + around) + 1
    low = ordered[below - 1] if below >= 1 else 0.0
    high = ordered[above - 1] if above <= count else math.inf
    return Estimate(middle, low, high, count)
