"""What is believed of one bed at the end of one minute: `observe` builds it once from the windows.

`Signals` is the memory from minute to minute. An `Observation` is made of it and belongs to one
minute only; every condition reads the same one, so nothing is derived from the signals again.
"""

from collections.abc import Sequence
from typing import NamedTuple

from legwatch.events import Window
from legwatch.limits.rules import Rules
from legwatch.named_tuples import maker
from legwatch.rounding import thousandths
from legwatch.signals import bed_warmth, bouts, coverage, repeated_values, stillness, thermometer
from legwatch.signals import course as courses
from legwatch.signals import movement as movements
from legwatch.signals import occupancy as occupancies
from legwatch.signals import room_warmth as room_warmths
from legwatch.signals import sensor_offset as offsets
from legwatch.signals import turning as turnings
from legwatch.signals.bed_warmth import BedWarmth
from legwatch.signals.bouts import Bouts
from legwatch.signals.course import Course
from legwatch.signals.coverage import ALL, Coverage
from legwatch.signals.movement import Movement
from legwatch.signals.occupancy import Occupancy
from legwatch.signals.repeated_values import RepeatedPair
from legwatch.signals.room_warmth import RoomWarmth
from legwatch.signals.samples import Samples, sort_out
from legwatch.signals.sensed import Sensed, sensed
from legwatch.signals.sensor_offset import SensorOffset
from legwatch.signals.thermometer import Thermometer, has_come_back
from legwatch.signals.turning import Turning


class Signals(NamedTuple):
    """The memory of the signals of one bed; `leg` and `room` still contain the sensors' offset."""

    window_ms: int = 0  # end of the newest window
    back_ms: int = 0  # since when windows come without a stale gap; 0: none has come yet
    minutes: int = 0  # number of minutes judged
    leg: Thermometer = Thermometer()
    room: Thermometer = Thermometer()
    movement: Movement = Movement()
    occupancy: Occupancy = Occupancy()
    offset: SensorOffset = SensorOffset()
    repeated_pair: RepeatedPair = RepeatedPair()
    warmth: BedWarmth = BedWarmth()
    windows_heard: Coverage = Coverage()
    leg_heard: Coverage = Coverage()
    room_heard: Coverage = Coverage()
    movement_heard: Coverage = Coverage()
    course: Course = Course()
    room_warmth: RoomWarmth = RoomWarmth()
    bouts: Bouts = Bouts()
    turning: Turning = Turning()


class Observation(NamedTuple):
    """What is believed of one bed at `at_ms`, the end of a minute. None is unknown."""

    at_ms: int
    window_ms: int  # end of the newest window
    back_ms: int  # since when windows come without a stale gap; 0: none has come yet
    away: bool  # the server could not receive: missing windows say nothing about the agent
    leg: Thermometer  # with the sensor's offset, as `room`
    room: Thermometer
    movement: Movement
    occupancy: Occupancy
    settled: bool  # somebody is in bed, and was for long enough to judge the air
    leg_c: float | None  # the air by the legs without the offset; None also if the values are stuck
    room_c: float | None  # the air of the room as the leg sensor would tell it
    room_measured: bool  # the room sensor gives readings; else `room_c` is what was known last
    contrast_c: float | None  # leg_c less room_c
    k: float | None  # the same as a share of the way from room to skin
    drop_c: float  # by how much the air by the legs has fallen within ten minutes, at least 0
    leg_stuck: bool  # the thermometer by the legs has stuck values
    movement_known: bool  # the movement sensor has counted lately
    seconds: bool  # its agent measures seconds with movement; else there are only counts
    moved: bool  # the sleeper has moved in this minute
    turned_ms: int | None  # when the sleeper last turned
    still_since_ms: int | None
    noisy_since_ms: int | None  # since when the movement sensor has not rested
    warmth: BedWarmth
    windows_heard: Coverage
    leg_heard: Coverage
    room_heard: Coverage
    movement_heard: Coverage
    course: Course
    room_warmth: RoomWarmth
    bouts: Bouts
    turning: Turning
    lies_still_ms: int | None  # since when nobody has turned, twitches or not


_signals, _observation = maker(Signals), maker(Observation)


def observe(
    was: Signals, windows: Sequence[Window], at_ms: int, rules: Rules, *, away: bool = False
) -> tuple[Signals, Observation]:
    """Apply the windows of the minute that ended at `at_ms`."""
    # To take all apart at once is faster than field by field.
    last_ms, back_ms, minutes, leg, room, movement, presence, offset, pair, warmth = was[:10]
    *heard, course, room_warmth, bout, turning = was[10:]
    stale_ms = rules.health.stale_s * 1000
    window_ms, back_ms = _newest((last_ms, back_ms), windows, at_ms, stale_ms)
    samples = sort_out(windows)
    if windows or not away:
        heard_ms = (last_ms, leg.good_ms, room.good_ms, movement.heard_ms)
        heard = _coverage(heard, heard_ms, windows, samples, at_ms)
    sensors = _sense((leg, room, movement), samples, at_ms, rules)
    _, leg, room, movement, _, _, _ = sensors
    room_c = room.celsius
    if at_ms - window_ms > stale_ms:
        presence = occupancies.set_unknown(presence, at_ms, unseen=True)
    else:
        offset_c = offset.offset_c or 0.0
        presence = occupancies.update(
            presence, samples.mat, sensors, warmth, rules, offset_c=offset_c
        )
    back = has_come_back(room, at_ms)
    room_warmth = room_warmths.update(room_warmth, room_c, at_ms, back=back)
    offset = offsets.estimate(offset, sensors, presence, room_warmth)
    pair = repeated_values.update(pair, samples.pairs)
    stuck = repeated_values.is_stuck(pair, sensors, presence, rules)
    if stuck:
        pair = repeated_values.stuck_at(pair, at_ms)
    believed_c = None if room_warmth.doubted_ms is not None else room_c
    air = _air(offset, leg.celsius, believed_c, rules, stuck=stuck)
    leg_c, entered_ms = air.leg_c, presence.entered_ms
    warmth = bed_warmth.update(
        warmth,
        leg_c,
        air.room_c,
        at_ms,
        rules,
        k=air.k,
        leg=leg,
        told_room_c=room_c,
        entered_ms=entered_ms,
        goes_on=warmth.stay_ms == entered_ms or occupancies.has_returned(presence, rules),
    )
    moved_s = movement.total if windows else 0.0
    course = courses.update(course, leg_c, moved_s, at_ms)
    edges = 0 if samples.still else sum(sample[1] for sample in samples.moves)
    bout = bouts.update(bout, moved_s, edges, course.peak_ms, at_ms)
    seconds = bool(windows) and windows[-1].moved_s is not None
    if edges or turning.size:  # else no bout begins, goes on or ends
        turning = turnings.update(turning, samples.moves, rules, seconds=seconds)
    minutes += 1
    now = _signals(
        (
            window_ms,
            back_ms,
            minutes,
            leg,
            room,
            movement,
            presence,
            offset,
            pair,
            warmth,
            *heard,
            course,
            room_warmth,
            bout,
            turning,
        )
    )
    moved_ms = movement.moved_ms
    moved = bool(moved_ms) and moved_ms[-1] > last_ms
    return now, _believed(now, sensors, air, rules, moved=moved, seconds=seconds, away=away)


class _Air(NamedTuple):
    """The air of one minute without the sensors' offset, C; None is unknown."""

    leg_c: float | None
    room_c: float | None
    room_measured: bool
    leg_stuck: bool
    contrast_c: float | None
    k: float | None


_air_of = maker(_Air)


def _air(
    offset: SensorOffset, leg_c: float | None, room_c: float | None, rules: Rules, *, stuck: bool
) -> _Air:
    measured = room_c is not None
    if stuck or leg_c is None:
        return _air_of((None, room_c, measured, stuck, None, None))
    leg_c, room_c = offsets.correct(offset, leg_c, room_c)
    if room_c is None:
        return _air_of((leg_c, None, measured, stuck, None, None))
    k = bed_warmth.relative_warmth(leg_c, room_c, rules)
    return _air_of((leg_c, room_c, measured, stuck, thousandths(leg_c - room_c), k))


def _coverage(
    was: Sequence[Coverage],
    last_ms: tuple[int, int | None, int | None, int | None],
    windows: Sequence[Window],
    samples: Samples,
    at_ms: int,
) -> list[Coverage]:
    """Return how much of the last half hour windows, leg, room and movement have told.

    `last_ms`: when each of them was last heard before this minute.
    """
    of_windows, of_leg, of_room, of_movement = was
    window_ms, leg_ms, room_ms, movement_ms = last_ms
    if not windows:  # what the whole agent loses is no fault of one sensor
        of_windows = coverage.update(of_windows, (), window_ms or None, at_ms)
        return [of_windows, of_leg, of_room, of_movement]
    legs, rooms, moves, _, _, _, _ = samples
    counted = len(moves) == len(windows)
    alike = counted and of_movement == of_windows and movement_ms == window_ms
    ends = moves if counted else [(window.to_ms,) for window in windows[-2:]]
    of_windows = coverage.update(of_windows, ends, window_ms or None, at_ms)
    return [
        of_windows,
        coverage.update(of_leg, legs, leg_ms, at_ms),
        coverage.update(of_room, rooms, room_ms, at_ms),
        of_windows if alike else coverage.update(of_movement, moves, movement_ms, at_ms),
    ]


def watched_from(was: Signals, at_ms: int) -> Signals:
    """Return the signals of a bed that is watched from `at_ms` on: no sensor is late yet."""
    heard = (was.windows_heard, was.leg_heard, was.room_heard, was.movement_heard)
    windows, leg, room, movement = (one._replace(known=ALL) for one in heard)
    return was._replace(
        back_ms=was.back_ms and at_ms,
        windows_heard=windows,
        leg_heard=leg,
        room_heard=room,
        movement_heard=movement,
    )


def _newest(
    was: tuple[int, int], windows: Sequence[Window], at_ms: int, stale_ms: int
) -> tuple[int, int]:
    """Return the end of the newest window, and since when windows come without a stale gap."""
    window_ms, back_ms = was
    if windows and windows[-1].to_ms == at_ms and back_ms and at_ms - window_ms <= stale_ms:
        return at_ms, back_ms  # as in most minutes: none is newer than the minute's end
    for window in windows:
        to_ms = window.to_ms
        if to_ms > window_ms:
            if to_ms - window_ms > stale_ms or not back_ms:
                back_ms = to_ms
            window_ms = to_ms
    return window_ms, back_ms


def _sense(
    was: tuple[Thermometer, Thermometer, Movement], samples: Samples, at_ms: int, rules: Rules
) -> Sensed:
    """Let each sensor take its samples in."""
    health, (legs, rooms, moves, _, _, faulty, still) = rules.health, samples
    leg, room, movement = was
    leg = thermometer.update(leg, legs, at_ms, health, fault="leg" in faulty)
    room = thermometer.update(room, rooms, at_ms, health, fault="room" in faulty)
    movement = movements.update(
        movement, moves, rules, at_ms, still=still, fault="movement" in faulty
    )
    return sensed(at_ms, leg, room, movement, rules)


def _believed(
    now: Signals,
    sensors: Sensed,
    air: _Air,
    rules: Rules,
    *,
    moved: bool,
    seconds: bool,
    away: bool,
) -> Observation:
    """Return what the signals of this minute say; each value is derived here and nowhere else."""
    at_ms, _, _, _, drop_c, movement_known, noisy_ms = sensors
    leg_c, room_c, room_measured, stuck, contrast_c, k = air
    (window_ms, back_ms, _, leg, room, movement, presence, _, _, warmth, *heard) = now
    return _observation(
        (
            at_ms,
            window_ms,
            back_ms,
            away,
            leg,
            room,
            movement,
            presence,
            presence.in_bed is True and at_ms >= presence.settled_ms,
            leg_c,
            room_c,
            room_measured,
            contrast_c,
            k,
            drop_c,
            stuck,
            movement_known,
            seconds,
            moved,
            stillness.last_turn_ms(sensors, presence),
            stillness.still_since_ms(sensors, presence, rules),
            noisy_ms,
            warmth,
            *heard,
            stillness.lies_still_ms(sensors, presence, now.turning, rules),
        )
    )
