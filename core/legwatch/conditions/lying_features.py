"""The features of one minute, from which a classifier tells whether bare legs lie there."""

from typing import NamedTuple

from legwatch.conditions.features import MINUTE_MS
from legwatch.observation import Observation

FALLEN_C = 0.8  # what has fallen by less below the warmest has not begun
WARM_BED_C = 3.0  # above the empty bed: the bed was never warm by less
LONGEST_MIN = 120.0  # a longer time tells no more
LETTERS = "abcdefghiklmnoqrstuvwxyz"  # of the features in a line of the model, in their order


class LyingFeatures(NamedTuple):
    """What one minute of a fall looks like; all in minutes, degrees, seconds or shares."""

    age_min: float  # since the air was near its warmest
    below_c: float  # the warmest
    celsius: float
    drop_4_c: float  # fall of the last four minutes
    empty_c: float  # above the empty bed, or the room where it is measured
    fall_10_c: float
    gone_20_c: float
    half_hour_c: float
    in_hour_c: float
    kept: float  # share of the warmth above the empty bed
    last_min: float  # since the last movement
    minutes_20: float  # with movement, faded
    minutes_60: float
    onset_s: float  # the largest minute of movement when the fall began
    seconds_5: float  # seconds with movement, faded over five minutes
    ratio: float  # onset_s in usual turns
    stood_min: float  # since somebody seemed to get in or out
    turn_min: float
    usual_s: float
    after_s: float  # seconds with movement since the fall had begun
    after_min: float  # minutes with such
    bend_c: float  # fall of the last four minutes less that of the four before
    seconds_60: float
    seconds_20: float


def features(seen: Observation) -> LyingFeatures | None:
    """Return the features of this minute, or None where nothing has fallen or can be judged."""
    course, leg, movement, at_ms = seen.course, seen.leg, seen.movement, seen.at_ms
    c = seen.leg_c
    if c is None or not _is_known(seen):
        return None
    below_c = course.peak_c - c
    empty_c = seen.room_c if seen.room_measured and seen.room_c is not None else course.empty_c
    span_c = course.peak_c - empty_c
    if below_c < FALLEN_C or span_c < WARM_BED_C:
        return None
    recent, raw_c = leg.recent_c, leg.celsius or c
    trail = course.trail_c

    def fell(marks: int) -> float:
        return recent[-min(marks, len(recent))] - raw_c if recent else 0.0

    def before(marks: int) -> float:
        return trail[-min(marks, len(trail))] - c if trail else 0.0

    moved_ms = movement.moved_ms[-1] if movement.moved_ms else None
    usual_s = movement.usual_s or 0.0
    drop_4_c = fell(2)
    return LyingFeatures(
        age_min=_since(course.peak_ms, at_ms),
        below_c=below_c,
        celsius=c,
        drop_4_c=drop_4_c,
        empty_c=c - empty_c,
        fall_10_c=fell(5),
        gone_20_c=fell(10),
        half_hour_c=before(3),
        in_hour_c=before(6),
        kept=(c - empty_c) / span_c,
        last_min=_since(moved_ms, at_ms),
        minutes_20=course.m_20,
        minutes_60=course.m_60,
        onset_s=course.onset_s,
        seconds_5=course.s_5,
        ratio=course.onset_s / max(1.0, usual_s),
        stood_min=_since(movement.exit_or_entry_ms, at_ms),
        turn_min=_since(movement.turned_ms, at_ms),
        usual_s=usual_s,
        after_s=course.after_s,
        after_min=course.after_min,
        bend_c=drop_4_c - (fell(4) - drop_4_c),
        seconds_60=course.s_60,
        seconds_20=course.s_20,
    )


def has_hardly_fallen(seen: Observation) -> bool:
    """Return True if the air is about as warm as it was at most of late: it has cooled slowly."""
    if seen.leg_c is None or not _is_known(seen):
        return False
    return seen.course.peak_c - seen.leg_c < FALLEN_C


def _is_known(seen: Observation) -> bool:
    """Return True if this minute has told both how the air moves and what moves in it."""
    return seen.movement_known and seen.course.at_ms == seen.at_ms


def _since(when_ms: int | None, at_ms: int) -> float:
    return LONGEST_MIN if when_ms is None else min(LONGEST_MIN, (at_ms - when_ms) / MINUTE_MS)
