"""What is believed of one bed at the end of one minute: `observe` builds it once from the windows.

`Signals` is the memory from minute to minute. An `Observation` is made of it and belongs to one
minute only; every condition reads the same one, so nothing is derived from the signals again.
"""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from legwatch.events import Window
from legwatch.limits.rules import Rules
from legwatch.signals import movement as movements
from legwatch.signals import occupancy as occupancies
from legwatch.signals import repeated_values, stillness, thermometer
from legwatch.signals import sensor_offset as offsets
from legwatch.signals.movement import Movement, MovementSample
from legwatch.signals.occupancy import MatSample, Occupancy
from legwatch.signals.repeated_values import PairSample, RepeatedPair
from legwatch.signals.sensed import Sensed, sensed
from legwatch.signals.sensor_offset import SensorOffset
from legwatch.signals.thermometer import RawSample, Thermometer


class Signals(NamedTuple):
    """The memory of the signals of one bed; `leg` and `room` still contain the sensors' offset."""

    window_ms: int = 0  # end of the newest window
    back_ms: int = 0  # since when windows come without a stale gap
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
    back_ms: int  # since when windows come without a stale gap
    away: bool  # the server could not receive: missing windows say nothing about the agent
    leg: Thermometer  # with the sensor's offset, as `room`
    room: Thermometer
    movement: Movement
    occupancy: Occupancy
    settled: bool  # somebody is in bed, and was for long enough to judge the air
    leg_c: float | None  # the air by the legs without the offset; None also if the values are stuck
    room_c: float | None  # the air of the room as the leg sensor would tell it
    room_measured: bool  # the room sensor gives readings; else `room_c` is what was known last
    contrast_c: float | None  # leg_c less room_c; None if the room is not measured
    drop_c: float  # by how much the air by the legs has fallen within ten minutes, at least 0
    leg_stuck: bool  # the thermometer by the legs has stuck values
    movement_known: bool  # the movement sensor has counted lately
    moved: bool  # the sleeper has moved in this minute
    turned_ms: int | None  # when the sleeper last turned
    still_since_ms: int | None


def observe(
    was: Signals, windows: Sequence[Window], at_ms: int, rules: Rules, *, away: bool = False
) -> tuple[Signals, Observation]:
    """Apply the windows of the minute that ended at `at_ms`."""
    samples = _samples(was, windows, rules.health.stale_s * 1000)
    sensors = _sense(was, samples, at_ms, rules)
    if at_ms - samples.window_ms > rules.health.stale_s * 1000:
        presence = occupancies.set_unknown(was.occupancy, at_ms)
    else:
        offset_c = was.offset.offset_c or 0.0
        presence = occupancies.update(was.occupancy, samples.mat, sensors, rules, offset_c=offset_c)
    now = Signals(
        window_ms=samples.window_ms,
        back_ms=samples.back_ms,
        minutes=was.minutes + 1,
        leg=sensors.leg,
        room=sensors.room,
        movement=sensors.movement,
        occupancy=presence,
        offset=offsets.estimate(was.offset, sensors, presence),
        repeated_pair=repeated_values.update(was.repeated_pair, samples.pair),
    )
    moved_ms = now.movement.moved_ms
    moved = bool(moved_ms) and moved_ms[-1] > was.window_ms
    return now, _believed(now, sensors, rules, moved=moved, away=away)


class _Samples(NamedTuple):
    """The windows of one minute, sorted by sensor."""

    window_ms: int
    back_ms: int
    leg: Sequence[RawSample] = ()
    room: Sequence[RawSample] = ()
    movement: Sequence[MovementSample] = ()
    mat: Sequence[MatSample] = ()
    pair: Sequence[PairSample] = ()
    faulty: Collection[str] = ()  # the sensors for which the agent has reported a fault


def _samples(was: Signals, windows: Sequence[Window], stale_ms: int) -> _Samples:
    window_ms, back_ms = was.window_ms, was.back_ms
    if not windows:
        return _Samples(window_ms, back_ms)
    by_field: Any = Window._make(zip(*windows, strict=True))  # of each field all values
    to_ms, leg_c = by_field.to_ms, tuple(map(thermometer.quantize, by_field.leg_c))
    for end_ms in to_ms:
        if end_ms > window_ms:
            if end_ms - window_ms > stale_ms:
                back_ms = end_ms
            window_ms = end_ms
    return _Samples(
        window_ms=window_ms,
        back_ms=back_ms,
        leg=tuple(zip(to_ms, leg_c, strict=True)),
        room=tuple(zip(to_ms, map(thermometer.quantize, by_field.room_c), strict=True)),
        movement=tuple(zip(to_ms, by_field.moves, by_field.active_s, strict=True)),
        mat=tuple(zip(to_ms, by_field.in_bed, strict=True)),
        pair=tuple(zip(to_ms, leg_c, by_field.leg_rh, strict=True)),
        faulty={sensor for faults in by_field.faults for sensor, _ in faults},
    )


def _sense(was: Signals, samples: _Samples, at_ms: int, rules: Rules) -> Sensed:
    health, faulty = rules.health, samples.faulty
    leg = thermometer.update(was.leg, samples.leg, at_ms, health, fault="leg" in faulty)
    room = thermometer.update(was.room, samples.room, at_ms, health, fault="room" in faulty)
    movement = movements.update(
        was.movement, samples.movement, rules, at_ms, fault="movement" in faulty
    )
    return sensed(at_ms, leg, room, movement, rules)


def _believed(
    now: Signals, sensors: Sensed, rules: Rules, *, moved: bool, away: bool
) -> Observation:
    at_ms, presence = sensors.at_ms, now.occupancy
    stuck = repeated_values.is_stuck(now.repeated_pair, sensors, presence, rules)
    leg_c, room_c, measured = now.leg.celsius, now.room.celsius, now.room.celsius is not None
    if stuck or leg_c is None:
        leg_c = None
    else:
        leg_c, room_c = offsets.correct(now.offset, leg_c, room_c)
    contrast_c = None
    if measured and leg_c is not None and room_c is not None:
        contrast_c = round(leg_c - room_c, 3)
    return Observation(
        at_ms=at_ms,
        window_ms=now.window_ms,
        back_ms=now.back_ms,
        away=away,
        leg=now.leg,
        room=now.room,
        movement=now.movement,
        occupancy=presence,
        settled=presence.in_bed is True and at_ms >= presence.settled_ms,
        leg_c=leg_c,
        room_c=room_c,
        room_measured=measured,
        contrast_c=contrast_c,
        drop_c=sensors.drop_c,
        leg_stuck=stuck,
        movement_known=sensors.movement_known,
        moved=moved,
        turned_ms=stillness.last_turn_ms(sensors, presence),
        still_since_ms=stillness.still_since_ms(sensors, presence, rules),
    )
