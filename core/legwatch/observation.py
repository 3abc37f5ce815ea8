"""What is believed of one bed at the end of one minute: `observe` builds it once from the windows.

`Signals` is the memory from minute to minute. An `Observation` is made of it and belongs to one
minute only; every condition reads the same one, so nothing is derived from the signals again.
"""

from collections.abc import Sequence
from typing import NamedTuple

from legwatch.events import Window
from legwatch.limits.rules import Rules
from legwatch.named_tuples import maker
from legwatch.signals import bed_warmth, coverage, repeated_values, stillness, thermometer
from legwatch.signals import movement as movements
from legwatch.signals import occupancy as occupancies
from legwatch.signals import sensor_offset as offsets
from legwatch.signals.bed_warmth import BedWarmth
from legwatch.signals.coverage import Coverage
from legwatch.signals.movement import Movement, MovementSample
from legwatch.signals.occupancy import MatSample, Occupancy
from legwatch.signals.repeated_values import PairSample, RepeatedPair
from legwatch.signals.sensed import Sensed, sensed
from legwatch.signals.sensor_offset import SensorOffset
from legwatch.signals.thermometer import RawSample, Thermometer, quantize


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
    drop_c: float  # by how much the air by the legs has fallen within ten minutes, at least 0
    leg_stuck: bool  # the thermometer by the legs has stuck values
    movement_known: bool  # the movement sensor has counted lately
    moved: bool  # the sleeper has moved in this minute
    turned_ms: int | None  # when the sleeper last turned
    still_since_ms: int | None
    noisy_since_ms: int | None  # since when the movement sensor has not rested
    warmth: BedWarmth
    windows_heard: Coverage
    leg_heard: Coverage
    room_heard: Coverage
    movement_heard: Coverage


_signals, _observation = maker(Signals), maker(Observation)
_unmoved = maker(MovementSample)


class _Samples(NamedTuple):
    """The readings of a minute's windows, by the signal that takes them in; none is unknown."""

    legs: list[RawSample]
    rooms: list[RawSample]
    moves: list[MovementSample]
    mat: list[MatSample]
    pairs: list[PairSample]
    faulty: set[str]  # sensors of which the agent reported a fault


def observe(
    was: Signals, windows: Sequence[Window], at_ms: int, rules: Rules, *, away: bool = False
) -> tuple[Signals, Observation]:
    """Apply the windows of the minute that ended at `at_ms`."""
    stale_ms = rules.health.stale_s * 1000
    window_ms, back_ms = _newest(was, windows, stale_ms)
    samples = _samples(windows)
    sensors = _sense(was, samples, at_ms, rules)
    if at_ms - window_ms > stale_ms:
        presence = occupancies.set_unknown(was.occupancy, at_ms, unseen=True)
    else:
        offset_c = was.offset.offset_c or 0.0
        presence = occupancies.update(
            was.occupancy, samples.mat, sensors, was.warmth, rules, offset_c=offset_c
        )
    moved_ms = sensors.movement.moved_ms
    offset = offsets.estimate(was.offset, sensors, presence)
    pair = repeated_values.update(was.repeated_pair, samples.pairs)
    stuck = repeated_values.is_stuck(pair, sensors, presence, rules)
    air = _air(offset, sensors, stuck=stuck)
    warmth = bed_warmth.update(
        was.warmth,
        air.leg_c,
        air.room_c,
        at_ms,
        rules,
        leg=sensors.leg,
        room_measured=air.room_measured,
        entered_ms=presence.entered_ms,
        returned=occupancies.has_returned(presence, rules),
    )
    now = _signals(
        (
            window_ms,
            back_ms,
            was.minutes + 1,
            sensors.leg,
            sensors.room,
            sensors.movement,
            presence,
            offset,
            pair,
            warmth,
            *_coverage(was, windows, samples, at_ms, away=away),
        )
    )
    moved = bool(moved_ms) and moved_ms[-1] > was.window_ms
    return now, _believed(now, sensors, air, rules, moved=moved, away=away)


class _Air(NamedTuple):
    """The air of one minute without the sensors' offset, C; None is unknown."""

    leg_c: float | None
    room_c: float | None
    room_measured: bool
    leg_stuck: bool


def _air(offset: SensorOffset, sensors: Sensed, *, stuck: bool) -> _Air:
    leg_c, room_c = sensors.leg.celsius, sensors.room.celsius
    measured = room_c is not None
    if stuck or leg_c is None:
        return _Air(None, room_c, measured, stuck)
    return _Air(*offsets.correct(offset, leg_c, room_c), measured, stuck)


def _coverage(
    was: Signals, windows: Sequence[Window], samples: _Samples, at_ms: int, *, away: bool
) -> tuple[Coverage, ...]:
    """Return how much of the last half hour windows, leg, room and movement have told."""
    if not windows:
        # What the whole agent loses is no fault of one sensor, nor of it what the server missed.
        heard = was.windows_heard
        if not away:
            heard = coverage.update(heard, (), was.window_ms or None, at_ms)
        return heard, was.leg_heard, was.room_heard, was.movement_heard
    ends = [(window.to_ms,) for window in windows[-2:]]
    return (
        coverage.update(was.windows_heard, ends, was.window_ms or None, at_ms),
        coverage.update(was.leg_heard, samples.legs, was.leg.good_ms, at_ms),
        coverage.update(was.room_heard, samples.rooms, was.room.good_ms, at_ms),
        coverage.update(was.movement_heard, samples.moves, was.movement.heard_ms, at_ms),
    )


def _samples(windows: Sequence[Window]) -> _Samples:
    """Sort the readings of a minute by sensor, in one pass: what is unknown is no sample."""
    samples = _Samples([], [], [], [], [], set())
    legs, rooms, moves, mat, pairs, faulty = samples
    for window in windows:
        to_ms = window.to_ms
        if (leg_c := window.leg_c) is not None:
            leg_c = quantize(leg_c)
            legs.append((to_ms, leg_c))
            if (rh := window.leg_rh) is not None:
                pairs.append((to_ms, leg_c, rh))
        if (room_c := window.room_c) is not None:
            rooms.append((to_ms, quantize(room_c)))
        if (count := window.moves) is not None:
            if count or window.moved_s or window.active_s:
                moves.append(movements.sample(window))
            else:  # as most windows: nothing moved, and nothing has to be measured
                moves.append(_unmoved((to_ms, 0, 0, None, False, 0)))
        if (in_bed := window.in_bed) is not None:
            mat.append((to_ms, in_bed))
        if window.faults:
            faulty.update(sensor for sensor, _ in window.faults)
    return samples


def _newest(was: Signals, windows: Sequence[Window], stale_ms: int) -> tuple[int, int]:
    """Return the end of the newest window, and since when windows come without a stale gap."""
    window_ms, back_ms = was.window_ms, was.back_ms
    for window in windows:
        to_ms = window.to_ms
        if to_ms > window_ms:
            if to_ms - window_ms > stale_ms or not back_ms:
                back_ms = to_ms
            window_ms = to_ms
    return window_ms, back_ms


def _sense(was: Signals, samples: _Samples, at_ms: int, rules: Rules) -> Sensed:
    """Let each sensor take its samples in."""
    health, (legs, rooms, moves, _, _, faulty) = rules.health, samples
    leg = thermometer.update(was.leg, legs, at_ms, health, fault="leg" in faulty)
    room = thermometer.update(was.room, rooms, at_ms, health, fault="room" in faulty)
    movement = movements.update(was.movement, moves, rules, at_ms, fault="movement" in faulty)
    return sensed(at_ms, leg, room, movement, rules)


def _believed(
    now: Signals, sensors: Sensed, air: _Air, rules: Rules, *, moved: bool, away: bool
) -> Observation:
    """Return what the signals of this minute say; each value is derived here and nowhere else."""
    at_ms, presence = sensors.at_ms, now.occupancy
    contrast_c = None
    if air.leg_c is not None and air.room_c is not None:
        contrast_c = round(air.leg_c - air.room_c, 3)
    return _observation(
        (
            at_ms,
            now.window_ms,
            now.back_ms,
            away,
            now.leg,
            now.room,
            now.movement,
            presence,
            presence.in_bed is True and at_ms >= presence.settled_ms,
            air.leg_c,
            air.room_c,
            air.room_measured,
            contrast_c,
            sensors.drop_c,
            air.leg_stuck,
            sensors.movement_known,
            moved,
            stillness.last_turn_ms(sensors, presence),
            stillness.still_since_ms(sensors, presence, rules),
            movements.noisy_since_ms(now.movement, at_ms),
            now.warmth,
            now.windows_heard,
            now.leg_heard,
            now.room_heard,
            now.movement_heard,
        )
    )
