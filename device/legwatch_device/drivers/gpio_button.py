"""A button between a GPIO pin and ground: a short press is `ack`, a press of 3 s is `cramp`.

Debouncing loses an edge now and then, a press or a release. After a lost release a tap would count
as a cramp, so a hold counts only if the pin is still down. A release without a press before it
counts as a tap.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from legwatch_device.drivers import pins

BOUNCE_S = 0.03
HOLD_S = 3.0


class _State(Enum):
    UP = "up"
    DOWN = "down"
    HELD = "held"  # down, and reported as a cramp


class GpioButton:
    """A button of gpiozero, which calls back from two threads: one for edges, one for holds."""

    @dataclass(frozen=True, slots=True)
    class Options:
        """The keys of a button."""

        pin: int = pins.pin_setting("GPIO number (BCM) of the button to ground")

    def __init__(self, options: Options, *, hold_s: float = HOLD_S) -> None:
        self._lock = threading.Lock()
        self._state = _State.UP
        self._device: Any = pins.gpio("Button", options.pin, bounce_time=BOUNCE_S, hold_time=hold_s)

    def listen(self, pressed: Callable[[str], None]) -> None:
        """Call `pressed` with `ack` or `cramp` at each press, from a thread of gpiozero."""
        self._device.when_pressed = self._down
        self._device.when_released = lambda: self._released(pressed)
        self._device.when_held = lambda: self._held(pressed)

    def _down(self) -> None:
        with self._lock:
            self._state = _State.DOWN

    def _released(self, pressed: Callable[[str], None]) -> None:
        with self._lock:
            before, self._state = self._state, _State.UP
        if before is not _State.HELD:
            pressed("ack")

    def _held(self, pressed: Callable[[str], None]) -> None:
        with self._lock:
            if self._state is not _State.DOWN:  # released at the same moment
                return
            still = bool(self._device.is_pressed)
            self._state = _State.HELD if still else _State.UP
        pressed("cramp" if still else "ack")
