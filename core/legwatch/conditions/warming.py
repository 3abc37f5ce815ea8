"""Is the cover back? The air by the legs turns and rises, long before it is as warm as before.

Fitted to made nights of both families: air under a cover that is back has risen by so much after 4
to 8 min; beside legs that stayed bare, in 2 of 165 uncoverings (legwatch_lab/bench/families.py).
"""

from typing import NamedTuple

from legwatch.named_tuples import maker
from legwatch.signals.thermometer import Thermometer, rise_20_min_c

RISEN_C = 1.2  # above the coldest of the last twenty minutes: it turns
FALLEN_C = 0.8  # below the warmest since: the cover is off again
STEADY_MS = 1_200_000  # so long without such a fall: the alert is over, however warm it is


class Warming(NamedTuple):
    """Since when the air has been rising while an alert fires, and the warmest since."""

    since_ms: int | None = None
    top_c: float | None = None


NOTHING = Warming()
_make = maker(Warming)


def update(was: Warming, leg: Thermometer, at_ms: int) -> Warming:
    """Take in a minute of a firing alert; a minute without a reading changes nothing."""
    if leg.celsius is None:
        return was
    since_ms, top_c = was
    if since_ms is None or top_c is None:
        return _make((at_ms, leg.celsius)) if rise_20_min_c(leg) >= RISEN_C else NOTHING
    if leg.celsius <= top_c - FALLEN_C:
        return NOTHING
    return was if leg.celsius <= top_c else _make((since_ms, leg.celsius))


def is_steady(now: Warming, at_ms: int) -> bool:
    """Return True if it has been warming for so long that the cover is back."""
    return now.since_ms is not None and at_ms - now.since_ms >= STEADY_MS
