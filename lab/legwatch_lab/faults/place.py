"""Leg sensors in the wrong place, and what happens in a bedroom that no sensor is to blame for."""

from collections.abc import Callable
from random import Random

from legwatch_lab.faults.laid import Fault, Laid, begins, from_now
from legwatch_lab.faults.night import HOUR_MS, LEG, LEG_RH, MINUTE_MS, ROOM, BedNight, Readings
from legwatch_lab.faults.shapes import Ramp, changed, shown

Lay = Callable[[BedNight, Random], Laid]
Air = Callable[[int, float], float]  # (time, air by the legs) to the air where the sensor is
SLIP_S, SKIN_S, DRY_S, SOON_S = 240, 360, 60 * 60, 300  # how fast the sensor follows
ROOM_RH_PCT = 50.0


def misplaced(night: BedNight, air: Air, ramp: Ramp, rng: Random) -> Readings:
    """Let the leg sensor follow other air than that by the legs."""

    def felt(at_ms: int, value: float) -> float:
        share = ramp.at(at_ms)
        return shown(value + share * (air(at_ms, value) - value), rng) if share > 0 else value

    return changed(night.readings, LEG, felt, ramp.from_ms)


def drier(readings: Readings, ramp: Ramp, rng: Random) -> Readings:
    """Let the humidity by the legs become that of the room."""

    def felt(at_ms: int, value: float) -> float:
        return shown(value + ramp.at(at_ms) * (ROOM_RH_PCT - value), rng, 0.4)

    return changed(readings, LEG_RH, felt, ramp.from_ms)


def fallen(below_c: float, minutes: float | None = None) -> Lay:
    """Lay it into the room, `below_c` colder than the room; for some minutes, or for good."""

    def lay(night: BedNight, rng: Random) -> Laid:
        from_ms = begins(night, rng)
        to_ms = night.end_ms if minutes is None else from_ms + round(minutes * MINUTE_MS)
        ramp = Ramp(from_ms, to_ms, SLIP_S, SLIP_S)
        cold = misplaced(night, lambda at, _: night.room_c(at) - below_c, ramp, rng)
        return Laid(drier(cold, ramp, rng), from_ms, to_ms)

    return lay


def under_body(night: BedNight, rng: Random) -> Laid:
    """Lay the sleeper upon it: it comes near skin temperature, whatever is uncovered."""
    from_ms, skin_c = begins(night, rng), rng.uniform(33.0, 34.5)
    ramp = Ramp(from_ms, night.end_ms, SKIN_S, SKIN_S)
    return from_now(night, misplaced(night, lambda _, __: skin_c, ramp, rng), from_ms)


def nearer_room(share: float, *, always: bool = False) -> Lay:
    """Put it between the bed's air and the room's: `share` of the way, from now on or all night."""

    def lay(night: BedNight, rng: Random) -> Laid:
        from_ms = night.begin_ms if always else begins(night, rng)
        ramp = Ramp(from_ms, night.end_ms, SLIP_S, SLIP_S)

        def air(at_ms: int, value: float) -> float:
            return value + share * (night.room_c(at_ms) - value)

        cooler = misplaced(night, air, ramp, rng)
        return from_now(night, drier(cooler, ramp, rng) if always else cooler, from_ms)

    return lay


def wet(night: BedNight, rng: Random) -> Laid:
    """Wet it: it cools by up to 3 C, shows full humidity, and dries in an hour or two."""
    from_ms = begins(night, rng)
    ramp = Ramp(from_ms, from_ms + 20 * MINUTE_MS, SLIP_S, DRY_S)
    cold = misplaced(night, lambda _, value: value - 3.0, ramp, rng)
    damp = changed(cold, LEG_RH, lambda at, v: round(v + ramp.at(at) * (99.9 - v), 1), from_ms)
    return Laid(damp, from_ms, from_ms + 2 * HOUR_MS)


def bottle(night: BedNight, rng: Random) -> Laid:
    """Lay a hot-water bottle beside it at bedtime: 8 C more, which fade in hours."""
    ramp = Ramp(night.bed_ms, night.bed_ms + 15 * MINUTE_MS, SOON_S, 2 * 3600)
    warm = misplaced(night, lambda _, value: min(48.0, value + 8.0), ramp, rng)
    return Laid(warm, night.bed_ms, night.end_ms)


def blanket(night: BedNight, rng: Random) -> Laid:
    """Warm the bed with an electric blanket, which its timer turns off."""
    off_ms = begins(night, rng)
    ramp = Ramp(night.bed_ms, off_ms, 1200, 1800)
    warm = misplaced(night, lambda _, value: value + 4.0, ramp, rng)
    return Laid(warm, off_ms, night.end_ms)


def warmed(night: BedNight, rng: Random) -> Laid:
    """Hold it in a hand, or let a cat sit on it, for 20 min: it falls back to the bed's air."""
    from_ms = begins(night, rng)
    to_ms = from_ms + 20 * MINUTE_MS
    ramp = Ramp(from_ms, to_ms, SOON_S, SOON_S)
    return Laid(misplaced(night, lambda _, v: max(v, 35.5), ramp, rng), from_ms, to_ms)


def colder_room(celsius: float, ramp_s: float, minutes: float | None, share: float = 0.25) -> Lay:
    """Let the room cool; the air by the legs follows by a share of it."""

    def lay(night: BedNight, rng: Random) -> Laid:
        from_ms = begins(night, rng)
        to_ms = night.end_ms if minutes is None else from_ms + round(minutes * MINUTE_MS)
        ramp = Ramp(from_ms, to_ms, ramp_s, ramp_s)
        cold = misplaced(night, lambda _, value: value - share * celsius, ramp, rng)
        cold = changed(cold, ROOM, lambda at, v: round(v - ramp.at(at) * celsius, 1), from_ms)
        return Laid(cold, from_ms, to_ms)

    return lay


FAULTS = (
    Fault("leg_slip_room", "leg", "it slips out of the bed and hangs in the room", fallen(-0.2)),
    Fault("leg_slip_floor", "leg", "it falls onto the cold floor", fallen(2.0)),
    Fault("leg_slip_30", "leg", "it slips out, and in again after 30 min", fallen(-0.2, 30)),
    Fault("leg_under_body", "leg", "the sleeper lies upon it", under_body),
    Fault("leg_on_top", "leg", "it lies on top of the cover", nearer_room(0.75, always=True)),
    Fault("leg_halfway", "leg", "it hangs half out of the bed", nearer_room(0.5)),
    Fault("leg_wet", "leg", "sweat or a spilt drink: it cools while it dries", wet),
    Fault("leg_bottle", "", "a hot-water bottle lies beside it", bottle),
    Fault("leg_blanket", "", "an electric blanket that its timer turns off", blanket),
    Fault("leg_warmed", "", "a hand or a cat warms it for 20 min", warmed),
    Fault(
        "heating_off", "", "the heating goes off: the room cools 5 C", colder_room(5, 9000, None)
    ),
    Fault("window_open", "", "a window is open for 40 min", colder_room(6, 900, 40)),
)
