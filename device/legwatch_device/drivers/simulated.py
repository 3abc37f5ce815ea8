"""Sensors without hardware: a warm bed in a cool room, with a turn every twenty minutes or so."""

import math
import time

from legwatch_device.drivers import Reading
from legwatch_device.settings import Sensor


class SimulatedThermometer:
    """Air that wanders a little around 31 °C, plus the offset: -12 makes a room of it."""

    def __init__(self, sensor: Sensor) -> None:
        del sensor  # the offset is added by whoever reads

    def read(self) -> Reading:
        """Return the made air of this moment."""
        minutes = time.monotonic() / 60
        return Reading(round(31 + 0.4 * math.sin(minutes / 7), 1), 48.0)


class SimulatedMotion:
    """One movement every twenty minutes."""

    EVERY_S = 1200

    def __init__(self, sensor: Sensor) -> None:
        del sensor
        self._turns = time.monotonic() // self.EVERY_S

    def count(self) -> int:
        """Return the made movements since the last call."""
        turns = time.monotonic() // self.EVERY_S
        new, self._turns = turns - self._turns, turns
        return int(new)
