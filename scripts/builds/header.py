"""The 40 pins of a Raspberry Pi, as the library gpiozero knows them."""

from functools import cache
from typing import NamedTuple

import gpiozero

PI_4B = "c03114"  # a revision code; the header is the same on every Pi with 40 pins


class Pin(NamedTuple):
    """One pin: the number that is counted on the board, and its name."""

    number: int
    name: str  # 3V3, 5V, GND or GPIO and its BCM number


@cache
def pins() -> dict[int, Pin]:
    """Return all pins of the header by their number."""
    header = gpiozero.pi_info(PI_4B).headers["J8"]
    return {number: Pin(number, pin.name) for number, pin in header.pins.items()}


def gpio(number: int) -> Pin:
    """Return the pin of a BCM number."""
    return next(pin for pin in pins().values() if pin.name == f"GPIO{number}")


def power(number: int, name: str) -> Pin:
    """Return a pin of the header; raises ValueError if it is not the one that is named."""
    pin = pins()[number]
    if pin.name != name:
        raise ValueError(f"pin {number} is {pin.name}, not {name}")
    return pin
