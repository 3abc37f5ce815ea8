"""All signals of one bed, updated once a minute: readings, movement, occupancy, temperatures."""

from collections.abc import Sequence
from typing import NamedTuple

from legwatch.conditions import cold
from legwatch.conditions.cold import ColdMemory, Temperatures
from legwatch.events import Window
from legwatch.limits.rules import Rules
from legwatch.signals import movement as movements
from legwatch.signals import occupancy as occupancies
from legwatch.signals import repeated_values, thermometer
from legwatch.signals import sensor_offset as offsets
from legwatch.signals.movement import Movement
from legwatch.signals.occupancy import Occupancy
from legwatch.signals.repeated_values import RepeatedPair
from legwatch.signals.sensor_offset import SensorOffset
from legwatch.signals.thermometer import Thermometer


class Observation(NamedTuple):
    """The memory of all signals of one bed; `leg` and `room` still contain the sensors' offset."""

    window_ms: int = 0  # end of the newest window
    back_ms: int = 0  # since when windows come without a stale gap
    minutes: int = 0  # number of minutes judged
    leg: Thermometer = Thermometer()
    room: Thermometer = Thermometer()
    movement: Movement = Movement()
    occupancy: Occupancy = Occupancy()
    cold: ColdMemory = ColdMemory()
    leg_stuck: bool = False  # the thermometer by the legs has stuck values
    offset: SensorOffset = SensorOffset()
    repeated_pair: RepeatedPair = RepeatedPair()


def observe(
    was: Observation, windows: Sequence[Window], at_ms: int, rules: Rules, *, cold_is_firing: bool
) -> Observation:
    """Apply the windows of the minute that ended at `at_ms`."""
    window_ms, back_ms = was.window_ms, was.back_ms
    stale_ms = rules.health.stale_s * 1000
    faulty: set[str] = set()
    legs, rooms, movement_samples, mat_samples, pair_samples = [], [], [], [], []
    quantize = thermometer.quantize  # called twice for each window
    for w in windows:
        to_ms, leg_c = w.to_ms, quantize(w.leg_c)
        legs.append((to_ms, leg_c))
        pair_samples.append((to_ms, leg_c, w.leg_rh))
        rooms.append((to_ms, quantize(w.room_c)))
        movement_samples.append((to_ms, w.moves, w.active_s))
        mat_samples.append((to_ms, w.in_bed))
        if w.faults:
            faulty.update(sensor for sensor, _ in w.faults)
        if to_ms > window_ms:
            if to_ms - window_ms > stale_ms:
                back_ms = to_ms
            window_ms = to_ms
    leg = thermometer.update(was.leg, legs, at_ms, rules.health, fault="leg" in faulty)
    room = thermometer.update(was.room, rooms, at_ms, rules.health, fault="room" in faulty)
    movement = movements.update(
        was.movement, movement_samples, rules, at_ms, fault="movement" in faulty
    )
    pair = repeated_values.update(was.repeated_pair, pair_samples)
    if at_ms - window_ms > stale_ms:
        presence = occupancies.set_unknown(was.occupancy, at_ms)
    else:
        offset_c = was.offset.offset_c or 0.0
        presence = occupancies.update(
            was.occupancy, mat_samples, leg, room, movement, at_ms, rules, offset_c=offset_c
        )
    stuck = repeated_values.is_stuck(leg, pair, movement, presence, at_ms, rules)
    offset = offsets.estimate(was.offset, leg, room, movement, presence, at_ms)
    now = _temperatures(leg, room, offset, stuck=stuck)
    memory = cold.update(was.cold, leg, now, presence, at_ms, rules, firing=cold_is_firing)
    minutes = was.minutes + 1
    return Observation(
        window_ms, back_ms, minutes, leg, room, movement, presence, memory, stuck, offset, pair
    )


def temperatures(observation: Observation) -> Temperatures:
    """Return the temperatures that the rules judge: without the offset, and None if stuck."""
    return _temperatures(
        observation.leg, observation.room, observation.offset, stuck=observation.leg_stuck
    )


def _temperatures(
    leg: Thermometer, room: Thermometer, offset: SensorOffset, *, stuck: bool
) -> Temperatures:
    if stuck or leg.celsius is None:
        return Temperatures(None, room.celsius, room.celsius is not None)
    leg_c, room_c = offsets.correct(offset, leg.celsius, room.celsius)
    return Temperatures(leg_c, room_c, room.celsius is not None)
