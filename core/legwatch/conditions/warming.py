"""Is the cover back? The air by the legs turns and rises, long before it is as warm as before.

Fitted to made nights of both families: air under a cover that is back has risen by so much after 4
to 8 min; beside legs that stayed bare, in 2 of 165 uncoverings (legwatch_lab/bench/families.py).
"""

from typing import NamedTuple

from legwatch.named_tuples import maker
from legwatch.signals.thermometer import Thermometer, rise_20_min_c

RISEN_C = 1.2  # above the coldest of the last twenty minutes: it turns
# The cover is off again once the air has fallen so much below the warmest since, and has lost half
# of what it had risen: it wavers on its way up.
FALLEN_C = 0.8
STEADY_MS = 1_200_000  # so long without such a fall: the alert is over, however warm it is


class Warming(NamedTuple):
    """Since when the air has been rising while an alert fires, its warmest since, its coldest."""

    since_ms: int | None = None
    top_c: float | None = None
    low_c: float | None = None


NOTHING = Warming()
_make = maker(Warming)


def update(was: Warming, leg: Thermometer, at_ms: int) -> Warming:
    """Take in a minute of a firing alert; a minute without a reading changes nothing."""
    if leg.celsius is None:
        return was
    since_ms, top_c, low_c = was
    if since_ms is None or top_c is None or low_c is None:
        risen_c = rise_20_min_c(leg)
        if risen_c < RISEN_C:
            return NOTHING
        return _make((at_ms, leg.celsius, round(leg.celsius - risen_c, 2)))
    if leg.celsius <= min(top_c - FALLEN_C, (top_c + low_c) / 2):
        return NOTHING
    return was if leg.celsius <= top_c else _make((since_ms, leg.celsius, low_c))


def is_steady(now: Warming, at_ms: int) -> bool:
    """Return True if it has been warming for so long that the cover is back."""
    return now.since_ms is not None and at_ms - now.since_ms >= STEADY_MS
