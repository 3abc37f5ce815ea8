"""The air of a made bedroom."""

import math
from random import Random
from typing import NamedTuple

from legwatch_lab.nights.spans import HOUR_S, MINUTE_S


class RoomStep(NamedTuple):
    """A change of the room by `by_c` from `at_s` on, with the time constant `tau_s`."""

    at_s: int
    by_c: float
    tau_s: float


class Room(NamedTuple):
    """A room: its drift, the ripple of the heating, and steps such as airing or cooling."""

    start_c: float
    drift_c_per_h: float
    ripple_c: float
    ripple_s: float
    phase: float
    vapour: float  # relative humidity at the begin, as a share
    steps: tuple[RoomStep, ...] = ()

    def at(self, at_s: float) -> float:
        """Return the air's temperature in C, `at_s` seconds after the begin."""
        celsius = self.start_c + self.drift_c_per_h * at_s / HOUR_S
        celsius += self.ripple_c * math.sin(at_s * 2 * math.pi / self.ripple_s + self.phase)
        for step in self.steps:
            if at_s > step.at_s:
                celsius += step.by_c * (1 - math.exp((step.at_s - at_s) / step.tau_s))
        return celsius


def draw(start_c: float, length_s: int, rng: Random) -> Room:
    """Draw a room that begins at `start_c`; in a third of the rooms somebody turns the heating."""
    room = Room(
        start_c=round(start_c, 2),
        drift_c_per_h=round(rng.uniform(-0.25, 0.05), 3),
        ripple_c=round(rng.uniform(0.05, 0.25), 2),
        ripple_s=float(rng.randrange(20, 90) * MINUTE_S),
        phase=round(rng.uniform(0.0, 6.28), 2),
        vapour=round(rng.uniform(0.38, 0.55), 3),
    )
    if rng.random() < 1 / 3:
        down = rng.random() < 2 / 3 and start_c > 16.0
        at_s = rng.randrange(0, 3 * HOUR_S) if down else length_s - rng.randrange(HOUR_S)
        by_c = rng.uniform(-2.5, -1.0) if down else rng.uniform(1.0, 2.5)
        room = room._replace(steps=(RoomStep(at_s, round(by_c, 2), rng.uniform(1, 3) * HOUR_S),))
    return room


def aired(room: Room, at_s: int, rng: Random) -> Room:
    """Open a window or start an air conditioner: 2-6 C down, in half of the nights up again."""
    fall_c = round(rng.uniform(2.0, 6.0), 2)
    steps = [RoomStep(at_s, -fall_c, float(rng.randrange(5, 21) * MINUTE_S))]
    if rng.random() < 0.5:
        shut_s = at_s + rng.randrange(20, 150) * MINUTE_S
        steps.append(RoomStep(shut_s, fall_c, float(rng.randrange(20, 50) * MINUTE_S)))
    return room._replace(steps=(*room.steps, *steps))
