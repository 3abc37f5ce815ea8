"""A second sensor by the ankle of a lumped night: the same bed, computed for its place.

Nothing of it changes the night itself: it has random generators of its own.
"""

from dataclasses import replace
from random import Random
from typing import Any

from legwatch_lab.nights.lumped import bedding, heat, sensors
from legwatch_lab.nights.lumped.habits import Night
from legwatch_lab.nights.lumped.motion import Move
from legwatch_lab.nights.lumped.sensors import Reading, Sensors
from legwatch_lab.nights.spans import Span


def readings(
    night: Night,
    room: list[float],
    moved: list[Move],
    raised: list[Span],
    mine: Sensors,
    bed: Random,
    rng: Random,
) -> tuple[list[Reading], dict[str, Any]]:
    """Return the readings and what is true of them; `bed`: as new as it was for the night."""
    there = replace(night, place=bedding.place(rng, "ankle"))
    air = heat.flow(there, room, moved, raised, bed)
    sensor = sensors.thermometer(mine.pace_s, rng)
    found = sensors.thermal(night, "ankle", air.air, air.leak, sensor, mine.pace_s, rng)
    return list(found), {"reach": dict(there.place.reach), "sensor": sensor._asdict()}
