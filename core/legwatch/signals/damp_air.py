"""How damp is the air? By its vapour pressure: relative humidity falls when the same air warms."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from legwatch.events import Window

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


def by_legs(windows: Sequence[Window]) -> Air | None:
    """Return the last reading of a minute by the legs; None: there is none with a humidity."""
    for window in reversed(windows):
        if window.leg_rh is not None and window.leg_c is not None:
            return Air(window.leg_rh, window.leg_c)
    return None


def middle_by_legs(windows: Iterable[Window]) -> Air | None:
    """Return the reading of a minute with the middle humidity: one wrong value decides nothing."""
    pairs = [(one.leg_rh, one.leg_c) for one in windows]
    found = sorted((pct, c) for pct, c in pairs if pct is not None and c is not None)
    return Air(*found[len(found) // 2]) if found else None


def of_room(windows: Sequence[Window]) -> Air | None:
    """Return the last reading of a minute in the room; None: there is none with a humidity."""
    for window in reversed(windows):
        if window.room_rh is not None and window.room_c is not None:
            return Air(window.room_rh, window.room_c)
    return None
