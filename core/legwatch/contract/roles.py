"""The roles of a bed's sensors: what each measures, and the wire fields that it fills.

A new role is one line of ROLES. Then an agent may have it (`[sensors.<name>]`), its fields travel
in the window message as keys of their own, and replay files may have its channels. Fields that a
Window has by name are judged by the engine; the others travel in `Window.others`, of which the
engine judges one: a second thermometer, by the ankle, which few beds have. A message about the
sensor needs its name for people, too: a line of _NAMES in legwatch/text/message.py, and its
German (scripts/translations says how); without them it says the role's own name.
"""

from typing import NamedTuple

from legwatch.contract.fields import HIGHEST_C, LOWEST_C, MAX_MOVED_S, MAX_MOVES
from legwatch.events import Window

# A group of drivers has one protocol; these are the names of the entry-point groups, too.
THERMOMETERS = "legwatch.thermometers"
MOTION = "legwatch.motion"
PRESENCE = "legwatch.presence"
GAUGES = "legwatch.gauges"
DRIVERS = (THERMOMETERS, MOTION, PRESENCE, GAUGES)

ANKLE = "ankle"


class WireField(NamedTuple):
    """One number of a role: its key in the window message, and its channel in a replay file."""

    name: str  # ends with the unit
    channel: str
    low: float
    high: float
    digits: int = 2  # decimals that the agent sends


class Role(NamedTuple):
    """One place for a sensor at a bed."""

    name: str
    about: str
    group: str  # the drivers that may fill it
    fields: tuple[WireField, ...]  # in the order of the numbers that the driver returns
    fault: str  # the name of its sensor in the faults of a window


def thermometer(name: str, about: str) -> Role:
    """Return a role that fills a temperature and a humidity."""
    celsius = WireField(f"{name}_c", f"{name}_temperature_c", LOWEST_C, HIGHEST_C)
    humidity = WireField(f"{name}_rh", f"{name}_humidity_pct", 0.0, 100.0, digits=1)
    return Role(name, about, THERMOMETERS, (celsius, humidity), name)


def gauge(name: str, about: str, unit: str, low: float, high: float) -> Role:
    """Return a role that fills one number; `unit` ends its key, such as `pct` or `ppm`."""
    key = f"{name}_{unit}"
    return Role(name, about, GAUGES, (WireField(key, key, low, high),), name)


_MOVEMENT = (
    WireField("moves", "movement", 0.0, MAX_MOVES),
    WireField("moved_s", "moved_s", 0.0, MAX_MOVED_S),
    WireField("active_s", "active_s", 0.0, MAX_MOVED_S),
)
_IN_BED = (WireField("in_bed", "in_bed", 0.0, 1.0),)

ROLES = (
    thermometer("leg", "thermometer by the legs"),
    thermometer("room", "thermometer of the room, 1-2 m from the bed"),
    Role("movement", "movement sensor of the bed", MOTION, _MOVEMENT, "movement"),
    Role("presence", "pressure mat or radar for the bed", PRESENCE, _IN_BED, "in_bed"),
    thermometer(ANKLE, "second thermometer in the bed, by the ankle"),
)

FIELDS = tuple(field for role in ROLES for field in role.fields)
OTHERS = tuple(field for field in FIELDS if field.name not in Window._fields)  # not judged
FAULTS = frozenset({*(role.fault for role in ROLES), "agent"})
