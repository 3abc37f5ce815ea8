"""The keys that all strips have in common, by whatever converter they are read."""

from typing import Any

from legwatch.settings import setting
from legwatch_device.drivers.strip_movement import TIMES


def times_setting() -> Any:
    """Declare how large a movement is."""
    return setting(
        TIMES,
        "a movement is so many times the usual noise; smaller sees more",
        low=3,
        high=50,
    )


def rises_setting() -> Any:
    """Declare which way a load moves the level."""
    return setting(True, "true: the level rises with the load; false: it falls")


def over_setting() -> Any:
    """Declare the level of somebody in bed, for a strip from which it is not learned."""
    return setting(
        None,
        "level of somebody in bed, of the supply; not set: learned",
        low=1,
        high=97,
    )


def fraction(over_pct: float | None) -> float | None:
    """Return a percentage as a fraction."""
    return None if over_pct is None else over_pct / 100
