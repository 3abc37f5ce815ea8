"""A movement sensor on a GPIO pin: PIR, vibration spring or piezo.

The driver counts edges and measures seconds: a spring switch can rest in either state, and the line
of a PIR stays active for minutes. gpiozero's MotionSensor looks only ten times a second and misses
most pulses of a vibration sensor.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from legwatch_device.drivers import MotionSample, pins
from legwatch_device.drivers.gpio_line import ActiveLine
from legwatch_runtime.clock import Instant, instant


class GpioMotion:
    """Watches one pin; gpiozero calls back from a thread of its own."""

    @dataclass(frozen=True, slots=True)
    class Options:
        """The keys of a movement sensor."""

        pin: int = pins.pin_setting("GPIO number (BCM)")

    def __init__(self, options: Options, *, now: Callable[[], Instant] = instant) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._device: Any = pins.gpio("DigitalInputDevice", options.pin, pull_up=False)
        self._line = ActiveLine(active=pins.is_active(self._device), at=now())
        self._device.when_activated = lambda: self._edge(active=True)
        self._device.when_deactivated = lambda: self._edge(active=False)

    def _edge(self, *, active: bool) -> None:
        with self._lock:
            self._line.edge(active=active, at=self._now())

    def seen(self) -> MotionSample:
        """Return the movement since the last call."""
        with self._lock:  # or the edge that comes after the look is undone by it
            return self._line.take(active=pins.is_active(self._device), at=self._now())
