"""What a fault does to the samples of a channel; each piece is pure."""

import math
from bisect import bisect_left
from collections.abc import Callable, Collection
from itertools import pairwise
from random import Random
from typing import NamedTuple

from legwatch_lab.faults.night import ACTIVE, COUNTS, MOVED, Readings, Sample

Change = Callable[[int, float], float | None]  # (time, value) to a value; None: no reading
LONGEST_MS = 60_000  # a channel that writes more rarely tells nothing of one count's length


class Ramp(NamedTuple):
    """A share that rises towards 1 from `from_ms` on, and falls towards 0 from `to_ms` on."""

    from_ms: int
    to_ms: int
    up_s: float
    down_s: float

    def at(self, at_ms: int) -> float:
        """Return the share at a time; 0 before the begin."""
        if at_ms < self.from_ms:
            return 0.0
        risen = 1 - math.exp(-(min(at_ms, self.to_ms) - self.from_ms) / 1000 / self.up_s)
        if at_ms <= self.to_ms:
            return risen
        return risen * math.exp(-(at_ms - self.to_ms) / 1000 / self.down_s)


def changed(
    readings: Readings, channel: str, change: Change, from_ms: int = 0, to_ms: int | None = None
) -> Readings:
    """Change the samples of a channel in a time; a channel that is not there stays so."""
    if channel not in readings:
        return readings
    found: list[Sample] = []
    for at_ms, value in readings[channel]:
        inside = from_ms <= at_ms and (to_ms is None or at_ms < to_ms)
        new = change(at_ms, value) if inside else value
        if new is not None:
            found.append((at_ms, new))
    return {**readings, channel: tuple(found)}


def dropped(readings: Readings, channels: Collection[str], lost: Callable[[int], bool]) -> Readings:
    """Leave out the samples of these channels at the times that are lost."""
    for channel in channels:
        readings = changed(readings, channel, lambda at, value: None if lost(at) else value)
    return readings


def without(readings: Readings, *channels: str) -> Readings:
    """Leave out whole channels."""
    return {name: samples for name, samples in readings.items() if name not in channels}


def shown(value: float, rng: Random, noise: float = 0.05) -> float:
    """Return what a thermometer with steps of 0.1 shows."""
    return round(value + rng.gauss(0.0, noise), 1)


def counted(
    readings: Readings,
    change: Callable[[int, float], float],
    from_ms: int = 0,
    to_ms: int | None = None,
) -> Readings:
    """Change the movement counts in a time; the seconds of movement follow them.

    Where counts come up, there is one second of movement for each, at most the whole window; where
    they go, there is none; where they only change, the seconds stay: they are debounced.
    """
    if COUNTS not in readings:
        return readings
    counts: list[Sample] = []
    up: dict[int, float] = {}
    pace_s = pace_ms(readings[COUNTS]) / 1000
    for at_ms, value in readings[COUNTS]:
        inside = from_ms <= at_ms and (to_ms is None or at_ms < to_ms)
        new = change(at_ms, value) if inside else value
        counts.append((at_ms, new))
        if bool(new) != bool(value):
            up[at_ms] = min(pace_s, new)
    found = {**readings, COUNTS: tuple(counts)}
    for name in (MOVED, ACTIVE):
        if name in found:
            found[name] = tuple((at, up.get(at, value)) for at, value in found[name])
    return found


def pace_ms(samples: Collection[Sample]) -> int:
    """Return the usual time between two samples."""
    times = [at_ms for at_ms, _ in samples]
    gaps = sorted(b - a for a, b in pairwise(times))
    return min(LONGEST_MS, gaps[len(gaps) // 2]) if gaps else LONGEST_MS


def value_at(samples: tuple[Sample, ...], at_ms: int) -> float:
    """Return the last value at or before a time, else the first one."""
    place = bisect_left(samples, (at_ms + 1, -math.inf))
    return samples[max(0, place - 1)][1]


def bursts(readings: Readings, apart_ms: int = 30_000) -> list[tuple[int, int]]:
    """Return the movements: runs of counts (from, to), each apart from the next."""
    found: list[tuple[int, int]] = []
    for at_ms, value in readings.get(COUNTS, ()):
        if not value:
            continue
        if found and at_ms - found[-1][1] <= apart_ms:
            found[-1] = (found[-1][0], at_ms)
        else:
            found.append((at_ms, at_ms))
    return found
