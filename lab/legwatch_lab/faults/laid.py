"""A fault: its name, the sensor that has it, and the function that lays it over a night."""

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from legwatch_lab.faults.night import HOUR_MS, MINUTE_MS, BedNight, Readings
from legwatch_lab.truth import NightTruth

BEFORE_MS = (10 * MINUTE_MS, 90 * MINUTE_MS)  # before the uncovering
LATER_MS = (HOUR_MS, 5 * HOUR_MS)  # after bedtime, in a quiet night
EARLY_MS = (HOUR_MS, 2 * HOUR_MS)  # after bedtime, in a still night


class Laid(NamedTuple):
    """A night with a fault over it; it lasts from `from_ms` to `to_ms`, UTC ms."""

    readings: Readings
    from_ms: int
    to_ms: int
    truth: NightTruth | None = None  # where the fault changes what happens, too
    no_mat_ms: int | None = None  # from then on, windows say that the mat is not known
    clock_ms: int = 0  # how far the clock is ahead from `from_ms` on


def true_ms(laid: Laid, at_ms: int) -> int:
    """Return when it was, at what a clock says that may be wrong."""
    off_ms = laid.clock_ms
    if at_ms < laid.from_ms + min(0, off_ms):
        return at_ms
    return at_ms - off_ms if at_ms >= laid.from_ms + off_ms else laid.from_ms


class Fault(NamedTuple):
    """One fault; `sensor` is the name that should be told, empty where nothing is broken."""

    name: str
    sensor: str  # leg, room, movement, presence, agent
    about: str  # which real fault it is
    lay: Callable[[BedNight, Random], Laid]


def begins(night: BedNight, rng: Random) -> int:
    """Draw when a lasting fault begins."""
    if night.bare is not None:
        earliest = max(night.bare.from_ms - BEFORE_MS[1], night.bed_ms + 10 * MINUTE_MS)
        return _drawn(earliest, night.bare.from_ms - BEFORE_MS[0], rng)
    low, high = EARLY_MS if night.kind == "still" else LATER_MS
    return _drawn(night.bed_ms + low, min(night.bed_ms + high, night.up_ms - HOUR_MS), rng)


def from_now(night: BedNight, readings: Readings, from_ms: int) -> Laid:
    """Return a fault that lasts from `from_ms` to the end of the night."""
    return Laid(readings, from_ms, night.end_ms)


def all_night(night: BedNight, readings: Readings) -> Laid:
    """Return a fault that is there from the first reading on."""
    return Laid(readings, night.begin_ms, night.end_ms)


def _drawn(low_ms: int, high_ms: int, rng: Random) -> int:
    """Draw a full second."""
    return rng.randrange(low_ms, max(low_ms + 1000, high_ms)) // 1000 * 1000
