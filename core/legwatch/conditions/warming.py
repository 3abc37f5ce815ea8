"""Is the cover back? The air by the legs turns and rises, long before it is as warm as before.

Fitted to made nights of both families: air under a cover that is back has risen by so much after 4
to 8 min; beside legs that stayed bare, in 2 of 165 uncoverings. lab/legwatch_lab/bench/cover.py
measures what comes of it.
"""

from typing import NamedTuple

from legwatch.named_tuples import maker
from legwatch.signals.thermometer import Thermometer, rise_20_min_c

RISEN_C = 1.2  # above the coldest of the last twenty minutes: it turns
# The cover is off again once the air has fallen so much below the warmest since, and has lost half
# of what it had risen: it wavers on its way up.
FALLEN_C = 0.8
STEADY_MS = 1_200_000  # so long without such a fall: the alert is over, however warm it is ...
BACK_C = 2.0  # ... if it has risen by so much; by less it may only waver
KEPT_MS = 5_400_000  # so long a bed may take to become warm once the cover is back
STALLED_MS = 1_800_000  # if it has not by then, it has wavered, and the alert goes on as before


class Warming(NamedTuple):
    """Since when the air has been rising while an alert fires, its warmest since, its coldest.

    Without `since_ms`, but with the others: it has just fallen again.
    """

    since_ms: int | None = None
    top_c: float | None = None
    low_c: float | None = None
    over: bool = False  # the alert is over, and the bed still becomes warm


NOTHING = Warming()
_make = maker(Warming)


def update(was: Warming, leg: Thermometer, at_ms: int) -> Warming:
    """Take in a minute of a firing alert; a minute without a reading changes nothing."""
    if leg.celsius is None:
        return was
    since_ms, top_c, low_c, over = was
    if since_ms is None or top_c is None or low_c is None or over:
        risen_c = rise_20_min_c(leg)
        if risen_c < RISEN_C:
            return NOTHING
        return _make((at_ms, leg.celsius, round(leg.celsius - risen_c, 2), False))
    if _falls(leg.celsius, top_c, low_c):
        return _make((None, top_c, low_c, False))
    now = was if leg.celsius <= top_c else _make((since_ms, leg.celsius, low_c, False))
    stalls = at_ms - since_ms >= STALLED_MS and not _is_much(now)
    return NOTHING if stalls else now


def after_the_end(was: Warming, leg: Thermometer, at_ms: int) -> Warming:
    """Take in a minute after the alert's end: so long as it goes on, cool air is no new alert."""
    since_ms, top_c, low_c, _ = was
    if since_ms is None or top_c is None or low_c is None:
        return NOTHING
    if not _is_much(was) or at_ms - since_ms >= KEPT_MS:
        return NOTHING
    if leg.celsius is None:
        return _make((since_ms, top_c, low_c, True))
    if _falls(leg.celsius, top_c, low_c):
        return NOTHING
    return _make((since_ms, max(top_c, leg.celsius), low_c, True))


def is_steady(now: Warming, at_ms: int) -> bool:
    """Return True if it has been warming for so long, and so much, that the cover is back."""
    return now.since_ms is not None and at_ms - now.since_ms >= STEADY_MS and _is_much(now)


def has_fallen(now: Warming) -> bool:
    """Return True if it has just fallen again after the cover seemed to be back."""
    return now.since_ms is None and _is_much(now)


def _falls(celsius: float, top_c: float, low_c: float) -> bool:
    return celsius <= min(top_c - FALLEN_C, (top_c + low_c) / 2)


def _is_much(now: Warming) -> bool:
    return now.top_c is not None and now.low_c is not None and now.top_c - now.low_c >= BACK_C
