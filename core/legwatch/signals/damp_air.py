"""How damp is the air? By its vapour pressure: relative humidity falls when the same air warms."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from legwatch.events import Window
from legwatch.limits.rules import HealthLimits
from legwatch.named_tuples import maker
from legwatch.signals.thermometer import is_believable

WET_PCT = 98.0  # more shows a sensor that is wet or fails: a DHT22 says 99.9 or 101.7 then
DRY_PCT = 5.0  # less shows a sensor that fails: no bedroom is as dry
MAGNUS_KPA, MAGNUS_A, MAGNUS_C = 0.61094, 17.625, 243.04  # of saturated air over water


class Air(NamedTuple):
    """The air at one sensor, humidity and temperature of the same reading."""

    pct: float
    celsius: float

    @property
    def kpa(self) -> float:
        """The vapour pressure."""
        full_kpa = MAGNUS_KPA * math.exp(MAGNUS_A * self.celsius / (MAGNUS_C + self.celsius))
        return round(full_kpa * self.pct / 100, 3)

    @property
    def is_believed(self) -> bool:
        """Return True for a humidity that the air of a bed or a room can have."""
        return DRY_PCT < self.pct < WET_PCT


_air = maker(Air)


def by_legs(windows: Sequence[Window], health: HealthLimits) -> Air | None:
    """Return the last reading of a minute by the legs; None: there is none with a humidity."""
    for window in reversed(windows):
        pct, celsius = window.leg_rh, window.leg_c
        if pct is not None and celsius is not None and is_believable(celsius, health):
            return _air((pct, celsius))
    return None


def middle_by_legs(windows: Sequence[Window], health: HealthLimits) -> Air | None:
    """Return the reading of a minute with the middle humidity: one wrong value decides nothing."""
    airs = (by_legs((window,), health) for window in windows)
    found = sorted(air for air in airs if air is not None)
    return found[len(found) // 2] if found else None


def of_room(windows: Sequence[Window], health: HealthLimits) -> Air | None:
    """Return the last reading of a minute in the room; None: there is none with a humidity."""
    for window in reversed(windows):
        pct, celsius = window.room_rh, window.room_c
        if pct is not None and celsius is not None and is_believable(celsius, health):
            return _air((pct, celsius))
    return None
