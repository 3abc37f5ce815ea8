"""A pressure mat: a contact that closes, or opens, when somebody lies on it.

It is wired between the pin and ground, or between the pin and 3.3 V; the Pi holds the open line.
A module that drives its line by itself, such as a radar with an output, is `gpio_presence`. The
contact bounces while somebody turns: a change is believed when it has lasted for a second.

Faults: `no_level`, if the library returns no level. A cut wire is no fault that can be seen. It
looks like an open contact: an empty bed, or with `opens` somebody in bed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from legwatch.settings import setting
from legwatch_device.drivers import pins
from legwatch_runtime.clock import Instant, instant

SETTLES_S = 1.0
GROUND, SUPPLY = "ground", "3v3"


class BedMat:
    """Watches one pin; gpiozero calls back from a thread of its own."""

    @dataclass(frozen=True, slots=True)
    class Options:
        """The keys of a mat."""

        pin: int = pins.pin_setting("GPIO number (BCM)")
        to: str = setting(GROUND, "where the other wire of the mat goes", choices=(GROUND, SUPPLY))
        opens: bool = setting(False, "true: somebody on the mat opens the contact")

    def __init__(self, options: Options, *, now: Callable[[], Instant] = instant) -> None:
        self._opens, self._now = options.opens, now
        pull_up = options.to == GROUND
        self._device: Any = pins.gpio("DigitalInputDevice", options.pin, pull_up=pull_up)
        self._closed = pins.is_active(self._device)
        self._changed = now().after(-SETTLES_S)  # what it finds has lasted
        self._device.when_activated = lambda: self._note(closed=True)
        self._device.when_deactivated = lambda: self._note(closed=False)

    def _note(self, *, closed: bool) -> None:
        self._closed, self._changed = closed, self._now()

    def present(self) -> bool | None:
        """Return if somebody is in bed; None while the contact bounces."""
        closed = pins.is_active(self._device)
        if closed is not self._closed:  # its edge was lost
            self._note(closed=closed)
        settled = self._now().since(self._changed) >= SETTLES_S
        return closed is not self._opens if settled else None
