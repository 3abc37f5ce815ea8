"""The features of one minute, from which trees tell whether the cover is off.

All are differences or shares, so an offset of the sensor changes none. What is not known is a value
of its own, `UNKNOWN`: a missing sensor changes the answer, and no minute is left out for it.
"""

from typing import NamedTuple

from legwatch.conditions.features import MINUTE_MS
from legwatch.observation import Observation
from legwatch.rounding import thousandths
from legwatch.signals import bouts
from legwatch.signals.occupancy import believed_mat

BEGUN_C = 0.6  # what has fallen by less below the warmest has not begun
WARM_BED_C = 3.0  # above the empty bed: the bed was never warm by less
LONGEST_MIN = 240.0  # a longer time tells no more
UNKNOWN = -99.0
LEAST_FALL_C = 0.3  # in ten minutes: of less it cannot be told where it ends
SLOWEST = 0.97
# Of the features in a line of the model, in their order; those since a sign are behind.
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_!#$%&()*/:;<=>?@[]^{|}~"


class CoverFeatures(NamedTuple):
    """One minute; times in minutes, sizes as in signals/bouts.py, the rest as the name says."""

    kept: float  # share of the warmth above the empty bed
    above_empty_c: float
    below_c: float  # the warmest
    age_min: float  # since the air was near its warmest
    drop_4_c: float  # fall of the last four minutes
    fall_10_c: float
    gone_20_c: float
    half_hour_c: float
    bend_c: float  # drop_4_c less that of the four minutes before
    lag_2_c: float  # mean of the last two minutes less the air now
    lag_5_c: float
    lag_15_c: float
    risen_c: float  # above the coolest since it began to fall
    low_min: float  # since that
    decay: float  # fall of the last ten minutes as a share of that of the ten before
    ends_c: float  # where the fall would end by that, above the empty bed
    steep_c: float  # the most by which it lay below its mean of five minutes
    in_bed: float  # 1, 0 or unknown
    entered_min: float
    left_min: float
    mat: float  # 1, 0 or unknown: there is none, or it is not believed
    mat_min: float  # for which it has said so
    at_room_min: float  # for which the air has been the room's
    seconds_5: float  # with movement, faded over five minutes
    seconds_20: float
    minutes_20: float
    minutes_240: float
    turn_min: float  # since the last turn
    last_min: float  # since the last movement
    usual_s: float  # of a turn
    onset_s: float  # the largest minute of movement when the air began to fall
    onset_ratio: float  # the same in usual turns
    stood_min: float  # since somebody seemed to get in or out
    bout_min: float  # since the last bout
    bout_size: float
    bout_size_s: float  # by its seconds
    onset_size: float  # of the largest bout when the air began to fall
    onset_min: float  # since that
    after_s: float  # seconds with movement since the fall had begun
    after_min: float  # minutes with such
    most_s: float  # of movement in one minute of the last twelve
    most_ratio: float  # the same in usual turns
    before_min: float  # since the bout before the last one
    before_size: float


OF_MOVEMENT = CoverFeatures._fields.index("seconds_5")  # all features from here on
_NO_MOVEMENT = (UNKNOWN,) * (len(CoverFeatures._fields) - OF_MOVEMENT)


def can_be_asked(seen: Observation) -> bool:
    """Return True if this minute tells of the air, and of movement or somebody there."""
    heard = seen.movement_known or believed_mat(seen.occupancy) is not None
    return seen.leg_c is not None and heard


def features(seen: Observation) -> CoverFeatures | None:
    """Return the features of this minute; None where nothing has fallen in a bed that was warm."""
    course, c, at_ms = seen.course, seen.leg_c, seen.at_ms
    if c is None or course.at_ms != at_ms:
        return None
    if course.peak_c - c < BEGUN_C or course.peak_c - course.empty_c < WARM_BED_C:
        return None
    # Rounded, as the same fall beside an offset differs by the last bits of a float.
    air = map(thousandths, _of_air(seen, c))
    return CoverFeatures(*air, *_of_bed(seen), *_of_movement(seen))


def _of_air(seen: Observation, c: float) -> tuple[float, ...]:
    course, at_ms, recent = seen.course, seen.at_ms, seen.leg.recent_c
    raw_c, trail = seen.leg.celsius or c, course.trail_c

    def fell(marks: int) -> float:
        return recent[-min(marks, len(recent))] - raw_c if recent else 0.0

    drop_4_c, fall_10_c, gone_20_c = fell(2), fell(5), fell(10)
    decay, ends_c = _end(c, fall_10_c, gone_20_c - fall_10_c)
    mean_2_c, mean_5_c, mean_15_c = course.means_c or (c, c, c)
    low_c = c if course.low_c is None else course.low_c
    return (
        (c - course.empty_c) / (course.peak_c - course.empty_c),
        c - course.empty_c,
        course.peak_c - c,
        _since(course.peak_ms, at_ms),
        drop_4_c,
        fall_10_c,
        gone_20_c,
        trail[-min(3, len(trail))] - c if trail else 0.0,
        drop_4_c - (fell(4) - drop_4_c),
        mean_2_c - c,
        mean_5_c - c,
        mean_15_c - c,
        c - low_c,
        _since(course.low_ms, at_ms),
        decay,
        ends_c if ends_c == UNKNOWN else ends_c - course.empty_c,
        course.steep_c,
    )


def _of_bed(seen: Observation) -> tuple[float, ...]:
    occupancy, at_ms = seen.occupancy, seen.at_ms
    in_bed, mat = occupancy.in_bed, believed_mat(occupancy)
    return (
        UNKNOWN if in_bed is None else float(in_bed),
        _since(occupancy.entered_ms, at_ms),
        _since(occupancy.left_ms, at_ms),
        UNKNOWN if mat is None else float(mat),
        UNKNOWN if mat is None else _since(occupancy.mat_since_ms, at_ms),
        _since(occupancy.at_room_air_since_ms, at_ms),
    )


def _of_movement(seen: Observation) -> tuple[float, ...]:
    if not seen.movement_known:
        return _NO_MOVEMENT
    course, movement, bout, at_ms = seen.course, seen.movement, seen.bouts, seen.at_ms
    usual_s, most_s = movement.usual_s or 0.0, bouts.most_s(bout, at_ms)
    return (
        course.s_5,
        course.s_20,
        course.m_20,
        course.m_240,
        _since(movement.turned_ms, at_ms),
        _since(movement.moved_ms[-1] if movement.moved_ms else None, at_ms),
        usual_s,
        course.onset_s,
        course.onset_s / max(1.0, usual_s),
        _since(movement.exit_or_entry_ms, at_ms),
        _since(bout.end_ms, at_ms),
        bouts.size(bout),
        bouts.size_s(bout),
        bout.onset_size if bout.onset_ms is not None else UNKNOWN,
        _since(bout.onset_ms, at_ms),
        course.after_s,
        course.after_min,
        most_s,
        most_s / max(1.0, usual_s),
        _since(bout.before_ms, at_ms),
        bout.before_size if bout.before_ms is not None else UNKNOWN,
    )


def _end(c: float, late_c: float, early_c: float) -> tuple[float, float]:
    """Return by what share the fall has slowed down in ten minutes, and where it would end, C."""
    if early_c <= LEAST_FALL_C:
        return UNKNOWN, UNKNOWN
    decay = min(SLOWEST, max(0.0, late_c / early_c))
    return decay, c - late_c * decay / (1 - decay)


def _since(when_ms: int | None, at_ms: int) -> float:
    return LONGEST_MIN if when_ms is None else min(LONGEST_MIN, (at_ms - when_ms) / MINUTE_MS)
