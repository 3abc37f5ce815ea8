"""The bedroom of a lumped night: its air, its walls and the air outdoors, from the clock of a day.

Air and walls are two heat capacities; a thermostat heats the air until 22 h, or all night. All
figures are assumed: rooms between 10 and 28 C, homes from light to heavy.
"""

import math
from random import Random
from typing import NamedTuple

from legwatch_lab.nights.spans import HOUR_S, MINUTE_S, Span, inside

STEP_S = 10
OFF_H = 22.0  # many heatings go down at this hour of the day


class Bedroom(NamedTuple):
    """A room. `*_s` are time constants, temperatures C, `ach_*` changes of its air an hour."""

    start_c: float
    heating: str  # off, night (off at 22 h, on in the morning) or steady
    heats_c_per_h: float
    band_c: float  # hysteresis of the thermostat
    wall_s: float  # air towards the walls
    store_s: float  # walls towards the air
    loss_s: float  # walls towards the outdoors
    outdoor_c: float
    swing_c: float  # of the outdoors in a day
    ach_shut: float
    ach_open: float
    vapour: float  # relative humidity at the begin, as a share
    morning_h: float  # when the heating starts again
    window: tuple[Span, ...] = ()


def draw(start_c: float, rng: Random) -> Bedroom:
    """Draw a room that begins at `start_c`; above 24 C it is summer, below 14 C nobody heats."""
    heating = rng.choices(("night", "steady", "off"), (5, 3, 2))[0]
    if start_c > 24.0 or start_c < 14.0:
        heating = "off"
    colder_c = rng.uniform(1.0, 8.0) if heating == "off" else rng.uniform(8.0, 24.0)
    return Bedroom(
        start_c=round(start_c, 2),
        heating=heating,
        heats_c_per_h=round(rng.uniform(2.0, 6.0), 2),
        band_c=round(rng.uniform(0.1, 0.8), 2),
        wall_s=rng.uniform(0.3, 1.5) * HOUR_S,
        store_s=rng.uniform(4.0, 15.0) * HOUR_S,
        loss_s=rng.uniform(25.0, 120.0) * HOUR_S,
        outdoor_c=round(start_c - colder_c, 2),
        swing_c=round(rng.uniform(1.0, 6.0), 2),
        ach_shut=round(rng.uniform(0.02, 0.15), 3),
        ach_open=round(rng.uniform(0.3, 1.5), 2),
        vapour=round(rng.uniform(0.35, 0.65), 3),
        morning_h=round(rng.uniform(5.0, 7.5), 2),
    )


def opened(room: Bedroom, at_s: int, rng: Random) -> Bedroom:
    """Open the window at `at_s` for 10-120 min."""
    length_s = round(10 * MINUTE_S * math.pow(12.0, rng.random()))
    return room._replace(window=(*room.window, Span(at_s, at_s + length_s)))


def course(room: Bedroom, begin_h: float, length_s: int) -> list[float]:
    """Return the air in C, one value every STEP_S; `begin_h` is the local hour of the begin."""
    air_c, wall_c, heats = room.start_c, room.start_c - 0.3, False
    found = []
    for at_s in range(0, length_s, STEP_S):
        hour = (begin_h + at_s / HOUR_S) % 24
        outdoor_c = room.outdoor_c + room.swing_c / 2 * math.cos((hour - 15) * math.pi / 12)
        if air_c < room.start_c - room.band_c / 2:
            heats = True
        elif air_c > room.start_c + room.band_c / 2:
            heats = False
        ach = room.ach_open if inside(room.window, at_s) else room.ach_shut
        change = (wall_c - air_c) / room.wall_s + ach * (outdoor_c - air_c) / HOUR_S
        if heats and _allowed(room, hour):
            change += room.heats_c_per_h / HOUR_S
        wall_c += STEP_S * ((air_c - wall_c) / room.store_s + (outdoor_c - wall_c) / room.loss_s)
        air_c += STEP_S * change
        found.append(round(air_c, 3))
    return found


def _allowed(room: Bedroom, hour: float) -> bool:
    if room.heating == "night":
        return room.morning_h <= hour < OFF_H
    return room.heating == "steady"
