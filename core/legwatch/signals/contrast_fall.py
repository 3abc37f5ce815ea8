"""A change point in the contrast of bed and room: how far, how fast, and where it will settle.

The contrast (contrast.py) hardly moves with the room's own temperature, not at all with what both
thermometers are off by, and falls within minutes when a cover is lifted. What it was before is the
median of the quarter of an hour that ended eight minutes ago: a slow drift takes that along, and
is no change. core/CONSTANTS.md lists the figures below.
"""

from typing import NamedTuple

from legwatch.limits.rules import WarmthLimits as Limits
from legwatch.named_tuples import maker
from legwatch.rounding import thousandths

KEPT = 26  # values, one a minute, the newest last
RECENT = 8  # of these, the ones that are not "before"
FEWEST = 12  # fewer cannot tell what was before
LOW_SHARE = 0.03  # a fall begins here: five times the noise of a DHT22's minute
SURE_SHARE, MOVES_C = 0.10, 0.18  # below the one it has to fall by the other in two minutes
RISING_C = 0.18  # above the lowest of the last minutes: it comes back by itself
RISING = 4
DEEP_SHARE = 0.25  # uncovered legs let the contrast fall by a quarter to three quarters
REBOUND_C = 0.38  # as much is a lifted cover let down again
STRIDE = 5  # minutes between the three values that tell where it will settle ...
WAITS = 9  # equal values at the end that may stand for minutes without a window, and the last one
LEAST_C = 0.15  # ... and what the last of them has to have fallen by


class Fall(NamedTuple):
    """The memory of the contrast; shares are of what it was before, 0 to 1."""

    contrasts_c: tuple[float, ...] = ()
    baseline_c: float | None = None  # what it was before; constant while a cold alert is firing
    fallen: float = 0.0  # share by which it lies below that
    since_ms: int | None = None  # since when it has
    deepest: float = 0.0  # of the present fall
    notified: bool = False  # a cold alert is firing


NOTHING = Fall()
_fall = maker(Fall)


def update(was: Fall, contrast_c: float | None, at_ms: int, *, firing: bool) -> Fall:
    """Take one minute's contrast in; `firing`: a cold alert is firing."""
    keeps = firing and was.baseline_c is not None
    if contrast_c is None:
        if not keeps:
            return NOTHING
        return Fall(baseline_c=was.baseline_c, deepest=was.deepest, notified=True)
    seen = (*was.contrasts_c[1 - KEPT :], contrast_c)
    # While an alert is firing the baseline must not learn from uncovered legs.
    before = was.baseline_c if firing else _before(seen)
    if before is None or before <= 0:
        return Fall(seen, notified=firing)
    fallen = thousandths(1 - contrast_c / before)
    if firing:
        since_ms = was.since_ms or at_ms
        deepest = max(was.deepest, fallen)
        return Fall(seen, before, fallen, since_ms, deepest, notified=True)
    # A little lower for long is another way to lie, and not yet the begin of a fall.
    if fallen < LOW_SHARE or (fallen < SURE_SHARE and seen[-3:][0] - contrast_c < MOVES_C):
        return _fall((seen, before, fallen, None, 0.0, False))
    # A cover that is lifted again and again lets the air come back between, if not all the way.
    if was.since_ms is None or was.notified or contrast_c - min(seen[-RISING:]) > REBOUND_C:
        return Fall(seen, before, fallen, at_ms, fallen)
    deepest = max(was.deepest, fallen)
    return Fall(seen, before, fallen, was.since_ms, deepest)


def waiting(was: Fall) -> Fall:
    """Let a minute go by without any window: the last value stands for it."""
    course_c = was.contrasts_c
    return was._replace(contrasts_c=(*course_c[1 - KEPT :], *course_c[-1:]))


def bridged(was: Fall, contrast_c: float) -> Fall:
    """Put a straight line to the first new value in place of the minutes without any window.

    Otherwise a slow change would look like a sudden one.
    """
    course_c = was.contrasts_c
    steps = next((n for n, c in enumerate(reversed(course_c)) if c != course_c[-1]), len(course_c))
    steps = min(steps, WAITS)
    if steps <= 1:  # one value, and nothing that stands for a later one
        return was
    last_c = course_c[-1]
    line_c = (last_c + (contrast_c - last_c) * step / steps for step in range(1, steps))
    return was._replace(contrasts_c=(*course_c[: 1 - steps], *(round(c, 3) for c in line_c)))


def _before(seen: tuple[float, ...]) -> float | None:
    if len(seen) < FEWEST:
        return None
    old = seen[:-RECENT]
    return sorted(old)[len(old) // 2]


def recovered(now: Fall) -> bool:
    """Return True if half of a deep fall has recovered: the legs are covered again."""
    return now.deepest >= DEEP_SHARE and now.fallen <= now.deepest / 2 and not _sinks(now)


def _sinks(now: Fall) -> bool:
    return (
        len(now.contrasts_c) > RISING and now.contrasts_c[-RISING] - now.contrasts_c[-1] > MOVES_C
    )


def is_rising(now: Fall) -> bool:
    """Say whether the contrast is on its way back."""
    return (
        now.contrasts_c[-1] - min(now.contrasts_c[-RISING:]) > RISING_C
        if now.contrasts_c
        else False
    )


def still_low_since_ms(now: Fall, limits: Limits) -> int | None:
    """Return since when the contrast is as low as after a fall, UTC ms; None: it is not."""
    down = now.fallen >= limits.change_share and not is_rising(now)
    return now.since_ms if down else None


def ago(now: Fall, minutes: int) -> Fall:
    """Return the fall as it was some minutes ago, with the same start and the same baseline."""
    if not minutes or not now.baseline_c:
        return now
    course_c = now.contrasts_c[:-minutes]
    return now._replace(contrasts_c=course_c, fallen=round(1 - course_c[-1] / now.baseline_c, 3))


def asymptote_c(now: Fall) -> float:
    """Return the contrast at which a cooling will settle, C; the one of now if it is at its end.

    A body that cools by itself covers the same share of the way in the same time, so three values
    at equal distances give its end (Aitken's delta-squared).
    """
    course_c = now.contrasts_c
    if len(course_c) <= 2 * STRIDE:
        return course_c[-1]
    first, middle, last = (course_c[-1 - n * STRIDE] for n in (2, 1, 0))
    before, after = first - middle, middle - last
    if after <= LEAST_C or before <= after:
        return last
    return last - after * after / (before - after)
