"""All faults by name, and the builds of a bed that have the sensor."""

from collections.abc import Mapping, Sequence
from random import Random

from legwatch.errors import SettingsError
from legwatch_lab.faults import agent, leg, mat, movement, place, reads, room
from legwatch_lab.faults.laid import Fault, Laid, all_night
from legwatch_lab.faults.night import (
    ACTIVE,
    COUNTS,
    LEG,
    LEG_RH,
    MAT,
    MOVED,
    ROOM,
    ROOM_RH,
    BedNight,
)

NONE = "none"
_LEG = (LEG, LEG_RH, COUNTS, MOVED, ACTIVE)
_ROOM = (*_LEG, ROOM, ROOM_RH)
BUILDS: Mapping[str, tuple[str, ...]] = {"leg": _LEG, "room": _ROOM, "mat": (*_ROOM, MAT)}
CHANNELS = BUILDS["mat"]


def as_it_is(night: BedNight, _rng: Random) -> Laid:
    """Lay nothing over a night."""
    return all_night(night, night.readings)


ALL = (
    Fault(NONE, "", "nothing is broken", as_it_is),
    *leg.FAULTS,
    *reads.FAULTS,
    *place.FAULTS,
    *room.FAULTS,
    *movement.FAULTS,
    *mat.FAULTS,
    *agent.FAULTS,
)
FAULTS: Mapping[str, Fault] = {fault.name: fault for fault in ALL}


def named(names: Sequence[str]) -> list[Fault]:
    """Return these faults, or all; the night without a fault is always the first."""
    unknown = sorted(set(names) - set(FAULTS))
    if unknown:
        known = ", ".join(FAULTS)
        raise SettingsError("--fault", f"no fault {', '.join(unknown)}; known: {known}")
    return [fault for name, fault in FAULTS.items() if not names or name in (NONE, *names)]


def in_kind(fault: Fault, *, still: bool) -> bool:
    """Return True if a fault can be laid over a still night, or over any other."""
    return not still or fault.name not in mat.ABSENCES


def in_build(fault: Fault, build: str) -> bool:
    """Return True if a build has the sensor that the fault is about."""
    if fault.name.startswith("mat_"):
        return build == "mat"
    if fault.name.startswith("room_"):
        return build != "leg"
    return True
