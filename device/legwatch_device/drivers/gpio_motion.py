"""A movement sensor on a GPIO pin: PIR, vibration spring or piezo.

Edges are counted, not levels: a spring switch can rest in either state, and gpiozero's
MotionSensor, which looks ten times a second, misses most pulses of a vibration sensor.
"""

import threading
from typing import Any

from legwatch_device.drivers import pins
from legwatch_device.settings import Sensor


class GpioMotion:
    """Counts the rising edges of one pin. gpiozero calls back on a thread of its own."""

    def __init__(self, sensor: Sensor) -> None:
        self._lock = threading.Lock()
        self._edges = 0
        self._device: Any = pins.gpio("DigitalInputDevice", sensor.pin, pull_up=False)
        self._device.when_activated = self._edge

    def _edge(self) -> None:
        with self._lock:
            self._edges += 1

    def count(self) -> int:
        """Return the movements since the last call."""
        with self._lock:
            edges, self._edges = self._edges, 0
        return edges
