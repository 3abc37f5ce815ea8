"""Faults of the way from the leg sensor: how often a value comes, and whether it comes at all."""

from collections.abc import Callable
from functools import partial
from random import Random

from legwatch_lab.faults.laid import Fault, Laid, all_night, begins, from_now
from legwatch_lab.faults.night import LEG, LEG_RH, MINUTE_MS, BedNight
from legwatch_lab.faults.shapes import changed, dropped

Lay = Callable[[BedNight, Random], Laid]
BOTH = (LEG, LEG_RH)


def every(seconds: int) -> Lay:
    """Let it read only every so many seconds."""

    def lay(night: BedNight, _rng: Random) -> Laid:
        first: set[int] = set()
        last = -1
        for at_ms, _ in night.readings[LEG]:
            if at_ms // (seconds * 1000) != last:
                last = at_ms // (seconds * 1000)
                first.add(at_ms)
        return all_night(night, dropped(night.readings, BOTH, lambda at: at not in first))

    return lay


def loses(share: float) -> Lay:
    """Let this share of its reads fail."""

    def lay(night: BedNight, rng: Random) -> Laid:
        bad = {at_ms for at_ms, _ in night.readings[LEG] if rng.random() < share}
        return all_night(night, dropped(night.readings, BOTH, bad.__contains__))

    return lay


def stale(minutes: float) -> Lay:
    """Let it take a new value only every so many minutes, and repeat it meanwhile."""

    def lay(night: BedNight, _rng: Random) -> Laid:
        each_ms = round(minutes * MINUTE_MS)
        found = night.readings
        for channel in BOTH:
            was = found.get(channel, ())
            firsts: dict[int, float] = {}
            for at_ms, value in was:
                firsts.setdefault(at_ms // each_ms, value)
            found = changed(found, channel, partial(_first, firsts, each_ms))
        return all_night(night, found)

    return lay


def loose(off_min: float, on_min: float) -> Lay:
    """Give readings for some minutes, and none for some others."""

    def lay(night: BedNight, rng: Random) -> Laid:
        from_ms = begins(night, rng)
        off_ms, whole_ms = off_min * MINUTE_MS, (off_min + on_min) * MINUTE_MS
        left = dropped(
            night.readings, BOTH, lambda at: at >= from_ms and (at - from_ms) % whole_ms < off_ms
        )
        return from_now(night, left, from_ms)

    return lay


def dead(night: BedNight, rng: Random) -> Laid:
    """Give nothing any more."""
    from_ms = begins(night, rng)
    return from_now(night, dropped(night.readings, BOTH, lambda at: at >= from_ms), from_ms)


def _first(firsts: dict[int, float], each_ms: int, at_ms: int, _value: float) -> float:
    return firsts[at_ms // each_ms]


FAULTS = (
    Fault("leg_every60", "", "a logger that writes each minute", every(60)),
    Fault("leg_every300", "leg", "a logger that writes each 5 min", every(300)),
    Fault("leg_loses50", "", "a cable too long: half of the checksums are wrong", loses(0.5)),
    Fault("leg_loses90", "leg", "a cable too long: nine of ten checksums are wrong", loses(0.9)),
    Fault("leg_stale5", "", "a driver with a cache: a new value each 5 min", stale(5)),
    Fault("leg_catch_up", "leg", "one that hangs for 40 min, and jumps to the truth", stale(40)),
    Fault("leg_loose", "leg", "a cable that makes contact 1 min of 8", loose(7, 1)),
    Fault("leg_loose55", "leg", "a cable that makes contact 5 min of 10", loose(5, 5)),
    Fault("leg_loose62", "leg", "a cable that makes contact 2 min of 8", loose(6, 2)),
    Fault("leg_dead", "leg", "a cable pulled out", dead),
)
