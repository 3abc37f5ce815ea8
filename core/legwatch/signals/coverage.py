"""How much of the last half hour each sensor has told: what comes and goes cannot be relied on.

One reading now and then must not pass for a sensor that works. A slow sensor is measured by its own
pace, so that a reading each five minutes is no hole where that is what the sensor gives.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from legwatch.named_tuples import maker

MINUTES = 30
ALL = (1 << MINUTES) - 1  # one bit for each minute, the newest last; 1: known
# A minute counts as known with one reading in it, so half of the time touches more than half of
# the minutes.
FEWEST = 18
MINUTE_MS = 60_000
SPAN_MS = MINUTES * MINUTE_MS
LONGEST_PACE_S = 600
PACE_STEP = 1.5  # by which a single gap moves the pace, up or down


class Coverage(NamedTuple):
    """The last half hour of one sensor."""

    known: int = ALL
    pace_s: int = 0  # the usual time between two readings; 0: not known yet


# One value in memory for equal ones, as most are: 10,000 beds take 2.5 MB less.
_make = lru_cache(maxsize=256)(maker(Coverage))


def update(
    was: Coverage, times_ms: Sequence[tuple[Any, ...]], last_ms: int | None, at_ms: int
) -> Coverage:
    """Take one minute in: its readings, each with its time first, and when the last one came.

    Of the gaps only the newest counts: that is enough for the pace, and every minute asks.
    """
    known, pace_s = was
    if known == ALL and len(times_ms) > 1:
        gap_s = (times_ms[-1][0] - times_ms[-2][0]) // 1000
        if gap_s and gap_s <= 2 * pace_s and pace_s <= 2 * gap_s:
            return was  # as in most minutes
    if last_ms is not None and at_ms - last_ms > SPAN_MS:
        known = ALL  # one long hole, of which others tell
    if times_ms:
        newest_ms = times_ms[-1][0]
        before_ms = times_ms[-2][0] if len(times_ms) > 1 else last_ms
        if before_ms is not None:
            gap_s = (newest_ms - before_ms) // 1000
            if not pace_s or gap_s > 2 * pace_s or pace_s > 2 * gap_s:
                pace_s = _nearer(pace_s, gap_s)
            elif known == ALL:
                return was
        last_ms = newest_ms
    if last_ms is None:
        return was
    told = at_ms - last_ms < max(MINUTE_MS, 1500 * pace_s)
    known = known << 1 & ALL | told
    return _make((known, pace_s))


def _nearer(pace_s: int, gap_s: int) -> int:
    """Return the pace after one more gap: near the median, which single holes do not move far."""
    if not pace_s:
        return max(1, min(gap_s, LONGEST_PACE_S))
    if gap_s > pace_s:
        return min(gap_s, round(PACE_STEP * pace_s) + 1, LONGEST_PACE_S)
    return max(gap_s, round(pace_s / PACE_STEP), 1)


def known_min(now: Coverage) -> int:
    """Return how many of the last 30 minutes have readings."""
    return now.known.bit_count()


def is_steady(now: Coverage) -> bool:
    """Return True if the last half hour has at most one hole: what was lost did not come and go."""
    return now.known == ALL or _holes(now) <= 1


def comes_and_goes(now: Coverage) -> bool:
    """Say whether less than about half of the last half hour is known, with several holes in it.

    One long hole is no coming and going: another rule tells of it.
    """
    known = now.known
    if known == ALL or known.bit_count() >= FEWEST:
        return False
    return _holes(now) > 1


def _holes(now: Coverage) -> int:
    unknown = ALL & ~now.known
    return (unknown & ~(unknown << 1)).bit_count()
