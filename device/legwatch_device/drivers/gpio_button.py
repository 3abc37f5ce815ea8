"""A button between a GPIO pin and ground: a short press is `ack`, held for 3 s it is `cramp`.

Debouncing costs edges: now and then a release, or a press, is never reported. A lost release would
make a cramp of a tap, so a hold counts only while the pin still says so; and a release without a
press before it was a tap all the same. Nobody presses in vain.
"""

import threading
from collections.abc import Callable
from enum import Enum
from typing import Any

from legwatch_device.drivers import pins
from legwatch_device.drivers.options import ButtonTable

BOUNCE_S = 0.03
HOLD_S = 3.0


class _Place(Enum):
    UP = "up"
    DOWN = "down"
    HELD = "held"  # down, and said to be a cramp


class GpioButton:
    """gpiozero calls back on threads of its own: one for the edges, one for the hold."""

    def __init__(self, table: ButtonTable, *, hold_s: float = HOLD_S) -> None:
        self._lock = threading.Lock()
        self._place = _Place.UP
        self._device: Any = pins.gpio("Button", table.pin, bounce_time=BOUNCE_S, hold_time=hold_s)

    def listen(self, pressed: Callable[[str], None]) -> None:
        """From now on say `ack` or `cramp` for each press."""
        self._device.when_pressed = self._down
        self._device.when_released = lambda: self._released(pressed)
        self._device.when_held = lambda: self._held(pressed)

    def _down(self) -> None:
        with self._lock:
            self._place = _Place.DOWN

    def _released(self, pressed: Callable[[str], None]) -> None:
        with self._lock:
            was, self._place = self._place, _Place.UP
        if was is not _Place.HELD:
            pressed("ack")

    def _held(self, pressed: Callable[[str], None]) -> None:
        with self._lock:
            if self._place is not _Place.DOWN:  # released in this very moment
                return
            still = bool(self._device.is_pressed)
            self._place = _Place.HELD if still else _Place.UP
        pressed("cramp" if still else "ack")
