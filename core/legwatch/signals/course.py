"""The course of a bed: how its air has moved since it was warmest, and what has moved in it.

The memory takes one minute in at a time and keeps a fixed number of values, whatever the night.
"""

from typing import NamedTuple

from legwatch.named_tuples import maker
from legwatch.rounding import tenths, thousandths

NEAR_C = 0.4  # within so much of the warmest the air has not begun to fall
FADES_C = 0.015  # a minute, by which the warmest of a stay is forgotten
MARK_MS, MARKS = 600_000, 9  # a mark of the air each ten minutes, an hour and a half long
ONSET_MIN = 6  # movement up to so long after the air began to fall may be what began it
FADE_5, FADE_20, FADE_60 = 0.8187, 0.9512, 0.9835  # exp(-1/n): what is left after a minute
FADE_240 = 0.9958
MEANS = (0.3935, 0.1813, 0.0645)  # 1 - exp(-1/n): weight of a minute in a mean over 2, 5, 15 min
HOLE_MIN = 90  # after a longer hole the course begins anew
# The empty bed's air is the coolest of half a day: of an evening, not of a morning's open window.
BLOCK_MS, BLOCKS = 7_200_000, 6


class Course(NamedTuple):
    """The course up to one minute; None is unknown."""

    at_ms: int | None = None  # the last minute with a reading
    peak_c: float = 0.0  # the warmest air of late
    peak_ms: int = 0  # the last minute near it
    empty_c: float = 0.0  # the coolest air of the last twelve hours: the empty bed's
    trail_c: tuple[float, ...] = ()  # marks of the air, newest last
    s_5: float = 0.0  # seconds with movement, faded over 5, 20 and 60 minutes
    s_20: float = 0.0
    s_60: float = 0.0
    m_20: float = 0.0  # minutes with movement, faded
    m_60: float = 0.0
    onset_s: float = 0.0  # the largest minute of movement when the air began to fall
    after_s: float = 0.0  # seconds with movement since
    after_min: int = 0  # minutes with movement since
    lows_c: tuple[float, ...] = ()  # the coolest air of each two hours, newest last
    means_c: tuple[float, ...] = ()  # the air of late, faded over 2, 5 and 15 minutes
    low_c: float | None = None  # the coolest air since the warmest
    low_ms: int = 0
    m_240: float = 0.0
    steep_c: float = 0.0  # the most by which the air lay below its mean of 5 min since the warmest


_make = maker(Course)


def update(was: Course, leg_c: float | None, moved_s: float, at_ms: int) -> Course:
    """Take one minute in: the air by the legs (None: no reading), and seconds with movement."""
    at, peak_c, peak_ms, empty_c, trail_c, s_5, s_20, s_60, m_20, m_60, onset, after, count = was[
        :13
    ]
    lows_c, means_c, low_c, low_ms, m_240, steep_c = was[13:]
    moved = 1 if moved_s else 0
    if leg_c is not None:
        if at is None or at_ms - at > HOLE_MIN * 60_000:
            peak_c, peak_ms, empty_c, trail_c, lows_c = leg_c, at_ms, leg_c, (), ()
            at, means_c = at_ms, (leg_c, leg_c, leg_c)
        begins = at // BLOCK_MS != at_ms // BLOCK_MS
        if begins or not lows_c or leg_c < lows_c[-1]:
            lows_c = _lows(lows_c or (empty_c,), leg_c, begins=begins)
            empty_c = min(lows_c)
        at = at_ms
        peak_c = max(leg_c, peak_c - FADES_C)
        means_c = _nearer(means_c or (leg_c, leg_c, leg_c), leg_c)
        if leg_c >= peak_c - NEAR_C:
            peak_ms, steep_c = at_ms, 0.0
        elif means_c[1] - leg_c > steep_c:
            steep_c = thousandths(means_c[1] - leg_c)
        if peak_ms == at_ms or low_c is None or leg_c <= low_c:
            low_c, low_ms = leg_c, at_ms
        if at_ms % MARK_MS == 0:
            trail_c = (*trail_c[1 - MARKS :], leg_c)
    age_ms = at_ms - peak_ms
    if not age_ms:
        onset, after, count = tenths(max(moved_s, 0.6 * onset)), 0.0, 0
    elif moved:
        if age_ms <= ONSET_MIN * 60_000:
            onset = round(max(moved_s, onset), 1)
        else:
            after, count = round(after + moved_s, 1), count + 1
    return _make(
        (
            at,
            peak_c,
            peak_ms,
            empty_c,
            trail_c,
            thousandths(s_5 * FADE_5 + moved_s),
            thousandths(s_20 * FADE_20 + moved_s),
            thousandths(s_60 * FADE_60 + moved_s),
            thousandths(m_20 * FADE_20 + moved),
            thousandths(m_60 * FADE_60 + moved),
            onset,
            after,
            count,
            lows_c,
            means_c,
            low_c,
            low_ms,
            thousandths(m_240 * FADE_240 + moved),
            steep_c,
        )
    )


def _nearer(was: tuple[float, ...], leg_c: float) -> tuple[float, ...]:
    """Move each mean nearer to the air of this minute."""
    a, b, c = was
    of_2, of_5, of_15 = MEANS
    return (
        thousandths(a + of_2 * (leg_c - a)),
        thousandths(b + of_5 * (leg_c - b)),
        thousandths(c + of_15 * (leg_c - c)),
    )


def _lows(was: tuple[float, ...], leg_c: float, *, begins: bool) -> tuple[float, ...]:
    """Take a value into the lows; `begins`: it is the first of two hours."""
    if begins:
        return (*was[1 - BLOCKS :], leg_c)
    return was if leg_c >= was[-1] else (*was[:-1], leg_c)
