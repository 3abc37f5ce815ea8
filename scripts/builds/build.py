"""What is connected to which pin in each build.

The pins of a build are those of its settings beside the guide. A bus has its own, which no settings
name. Here is only which wire of a part goes to which of them, and where it gets its power.
"""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from scripts.builds.header import Pin, gpio, power

GUIDES = Path(__file__).resolve().parents[2] / "deploy" / "guides"
# The BCM numbers of the buses: the defaults of Raspberry Pi OS.
BUSES = {"one_wire": 4, "sda": 2, "scl": 3, "txd": 14, "rxd": 15}
V33, V5, GND = "v33", "v5", "gnd"
NAMES = {V33: "3V3", V5: "5V", GND: "GND"}


class Terminal(NamedTuple):
    """A wire of a part: its name there, and a key of the settings, a bus, or a pin for power."""

    name: str
    to: str
    pin: int = 0  # of power only


class Part(NamedTuple):
    """A part, from the top; `resistor` stands between its first two wires."""

    role: str
    kind: str
    terminals: tuple[Terminal, ...]
    resistor: str = ""
    right: bool = False


class Wire(NamedTuple):
    """One wire, as it is drawn."""

    part: str
    terminal: str
    style: str
    pin: Pin


def _three(data: str, key: str, v33: int, gnd: int) -> tuple[Terminal, ...]:
    return (Terminal("3.3 V", V33, v33), Terminal(data, key), Terminal("GND", GND, gnd))


PARTS = {
    "mission": (
        Part("legs", "DHT22", _three("DATA", "sensors.leg.pin", 1, 9), "10 kΩ"),
        Part("movement", "SW-420 or PIR", _three("OUT", "sensors.movement.pin", 17, 25)),
        Part("room", "DHT22, optional", _three("DATA", "sensors.room.pin", 17, 39), "10 kΩ"),
    ),
    "recommended": (
        Part("legs", "DS18B20", _three("DATA", "one_wire", 1, 9), "4.7 kΩ"),
        Part(
            "room",
            "SHT4x",
            (
                Terminal("SDA", "sda"),
                Terminal("SCL", "scl"),
                Terminal("3.3 V", V33, 17),
                Terminal("GND", GND, 25),
            ),
        ),
        Part("button", "to ground", (Terminal("1", "button.pin"), Terminal("2", GND, 39))),
        Part(
            "radar",
            "LD2410",
            (
                Terminal("5 V", V5, 2),
                Terminal("GND", GND, 6),
                Terminal("RX", "txd"),
                Terminal("TX", "rxd"),
            ),
            right=True,
        ),
        Part(
            "lamp",
            "LED + 1 kΩ",
            (Terminal("long leg", "signal.lamp_pin"), Terminal("short leg", GND, 14)),
            right=True,
        ),
        Part(
            "buzzer",
            "active, 3.3 V",
            (
                Terminal("I/O", "signal.buzzer_pin"),
                Terminal("GND", GND, 20),
                Terminal("3.3 V", V33, 1),
            ),
            right=True,
        ),
        Part(
            "mat",
            "contact",
            (Terminal("1", "sensors.presence.pin"), Terminal("2", GND, 30)),
            right=True,
        ),
    ),
}

NOTES = {
    "mission": (
        "A dot joins two wires. 10 kΩ: at a bare DHT22 with four legs only;",
        "a module with three pins has this resistor on its board.",
    ),
    "recommended": (
        "A dot joins two wires. 5 V goes to the radar only, never to a GPIO.",
        "The radar's TX goes to the Pi's receiver, and its RX to the sender.",
    ),
}


def settings(build: str) -> dict[str, Any]:
    """Return the settings beside a guide."""
    return tomllib.loads((GUIDES / f"{build}.toml").read_text(encoding="utf-8"))


def wires(build: str) -> Iterator[Wire]:
    """Yield the wires of a build, part by part."""
    known = settings(build)
    for part in PARTS[build]:
        for name, to, number in part.terminals:
            style = to if to in NAMES else "data"
            pin = power(number, NAMES[to]) if to in NAMES else gpio(_bcm(to, known))
            yield Wire(part.role, name, style, pin)


def _bcm(to: str, known: Any) -> int:
    if to in BUSES:
        return BUSES[to]
    for key in to.split("."):
        known = known[key]
    return int(known)
