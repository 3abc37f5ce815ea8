"""Faults of the room sensor."""

from collections.abc import Callable
from random import Random

from legwatch_lab.faults.laid import Fault, Laid, all_night, begins, from_now
from legwatch_lab.faults.night import (
    HOUR_MS,
    LEG,
    LEG_RH,
    MINUTE_MS,
    ROOM,
    ROOM_RH,
    BedNight,
    Readings,
)
from legwatch_lab.faults.place import misplaced
from legwatch_lab.faults.shapes import Ramp, changed, dropped, shown, value_at

Lay = Callable[[BedNight, Random], Laid]
BOTH = (ROOM, ROOM_RH)
HEAT_S = 9000  # how fast a room cools without heating


def frozen(night: BedNight, rng: Random) -> Laid:
    """Repeat one temperature."""
    from_ms = begins(night, rng)
    return from_now(night, _held(night.readings, from_ms), from_ms)


def frozen_all(night: BedNight, _rng: Random) -> Laid:
    """Repeat one temperature from the first reading on."""
    return all_night(night, _held(night.readings, night.begin_ms))


def frozen_heat(night: BedNight, rng: Random) -> Laid:
    """Repeat one temperature while the heating goes off and the bed's air falls with the room's."""
    from_ms = begins(night, rng)
    ramp = Ramp(from_ms, night.end_ms, HEAT_S, HEAT_S)
    cold = misplaced(night, lambda _, value: value - 1.5, ramp, rng)
    return from_now(night, _held(cold, from_ms), from_ms)


def swapped(night: BedNight, _rng: Random) -> Laid:
    """Exchange the leg and the room sensor."""
    names = {LEG: ROOM, ROOM: LEG, LEG_RH: ROOM_RH, ROOM_RH: LEG_RH}
    found = {names.get(name, name): samples for name, samples in night.readings.items()}
    return all_night(night, found)


def warmer(celsius: float, minutes: float) -> Lay:
    """Let it read more for some time: the sun, a lamp, somebody beside it."""

    def lay(night: BedNight, rng: Random) -> Laid:
        from_ms = begins(night, rng)
        to_ms = from_ms + round(minutes * MINUTE_MS)
        ramp = Ramp(from_ms, to_ms, 240, 600)
        warm = changed(
            night.readings, ROOM, lambda at, v: round(v + ramp.at(at) * celsius, 1), from_ms
        )
        return Laid(warm, from_ms, to_ms)

    return lay


def heater(night: BedNight, _rng: Random) -> Laid:
    """Let it hang above a heater: 6 C more for 20 min of each hour, all night."""

    def hot(at_ms: int, value: float) -> float:
        begin_ms = at_ms // HOUR_MS * HOUR_MS
        now, before = (
            Ramp(ms, ms + 20 * MINUTE_MS, 300, 600).at(at_ms)
            for ms in (begin_ms, begin_ms - HOUR_MS)
        )
        return round(value + 6.0 * max(now, before), 1)

    return all_night(night, changed(night.readings, ROOM, hot))


def in_bed(night: BedNight, rng: Random) -> Laid:
    """Lay it into the bed as well: 1 C below the leg sensor, all night."""
    warm = changed(
        night.readings, ROOM, lambda at, _: shown(value_at(night.readings[LEG], at) - 1.0, rng)
    )
    return all_night(night, warm)


def dead(night: BedNight, rng: Random) -> Laid:
    """Give nothing any more."""
    from_ms = begins(night, rng)
    return from_now(night, dropped(night.readings, BOTH, lambda at: at >= from_ms), from_ms)


def _held(readings: Readings, from_ms: int) -> Readings:
    if ROOM not in readings:
        return readings
    kept = value_at(readings[ROOM], from_ms)
    return changed(readings, ROOM, lambda _, __: kept, from_ms)


FAULTS = (
    Fault("room_frozen", "room", "a driver that repeats its cached reading", frozen),
    Fault("room_frozen_all", "room", "the same, since before the evening", frozen_all),
    Fault("room_frozen_heat", "room", "the same, while the heating goes off", frozen_heat),
    Fault("room_swap", "room", "leg and room sensor are exchanged", swapped),
    Fault("room_sun", "room", "the morning sun: 4 C more for 2 h", warmer(4.0, 120)),
    Fault("room_heater", "room", "it hangs above a heater that cycles", heater),
    Fault("room_in_bed", "room", "it lies in the bed, too", in_bed),
    Fault("room_dead", "room", "a cable pulled out", dead),
)
