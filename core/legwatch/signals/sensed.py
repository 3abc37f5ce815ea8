"""What the sensors of one bed say at the end of one minute, for the signals that need several."""

from typing import NamedTuple

from legwatch.limits.rules import Rules
from legwatch.named_tuples import maker
from legwatch.signals.movement import Movement, is_known, noisy_since_ms
from legwatch.signals.thermometer import Thermometer, drop_c


class Sensed(NamedTuple):
    """The sensors' memories after one minute; `leg` and `room` still contain the offset."""

    at_ms: int  # end of the minute
    leg: Thermometer
    room: Thermometer
    movement: Movement
    drop_c: float  # by how much the air by the legs has fallen within ten minutes
    movement_known: bool  # the movement sensor has counted lately, and rests at times
    noisy_since_ms: int | None  # since when it has not rested


_sensed = maker(Sensed)


def sensed(
    at_ms: int, leg: Thermometer, room: Thermometer, movement: Movement, rules: Rules
) -> Sensed:
    """Return the sensors of one minute, with what several signals ask of them."""
    # A sensor that never rests says nothing of the sleeper.
    noisy_ms = noisy_since_ms(movement, at_ms)
    known = noisy_ms is None and is_known(movement, at_ms, rules)
    return _sensed((at_ms, leg, room, movement, drop_c(leg), known, noisy_ms))
