"""What is believed of one bed at the end of one minute: `observe` builds it once from the windows.

`Signals` is the memory from minute to minute. An `Observation` is made of it and belongs to one
minute only; every condition reads the same one, so nothing is derived from the signals again.
"""

from collections.abc import Sequence
from typing import NamedTuple

from legwatch.events import Window
from legwatch.limits.rules import Rules
from legwatch.named_tuples import maker
from legwatch.signals import movement as movements
from legwatch.signals import occupancy as occupancies
from legwatch.signals import repeated_values, stillness, thermometer
from legwatch.signals import sensor_offset as offsets
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


_signals, _observation = maker(Signals), maker(Observation)


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
        presence = occupancies.set_unknown(was.occupancy, at_ms)
    else:
        offset_c = was.offset.offset_c or 0.0
        presence = occupancies.update(was.occupancy, samples.mat, sensors, rules, offset_c=offset_c)
    moved_ms = sensors.movement.moved_ms
    now = _signals(
        (
            window_ms,
            back_ms,
            was.minutes + 1,
            sensors.leg,
            sensors.room,
            sensors.movement,
            presence,
            offsets.estimate(was.offset, sensors, presence),
            repeated_values.update(was.repeated_pair, samples.pairs),
        )
    )
    moved = bool(moved_ms) and moved_ms[-1] > was.window_ms
    return now, _believed(now, sensors, rules, moved=moved, away=away)


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
            moves.append((to_ms, count, window.active_s))
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
    now: Signals, sensors: Sensed, rules: Rules, *, moved: bool, away: bool
) -> Observation:
    """Return what the signals of this minute say; each value is derived here and nowhere else."""
    at_ms, presence = sensors.at_ms, now.occupancy
    stuck = repeated_values.is_stuck(now.repeated_pair, sensors, presence, rules)
    leg_c, room_c, measured = now.leg.celsius, now.room.celsius, now.room.celsius is not None
    if stuck or leg_c is None:
        leg_c = None
    else:
        leg_c, room_c = offsets.correct(now.offset, leg_c, room_c)
    contrast_c = None
    if leg_c is not None and room_c is not None:
        contrast_c = round(leg_c - room_c, 3)
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
            leg_c,
            room_c,
            measured,
            contrast_c,
            sensors.drop_c,
            stuck,
            sensors.movement_known,
            moved,
            stillness.last_turn_ms(sensors, presence),
            stillness.still_since_ms(sensors, presence, rules),
        )
    )
