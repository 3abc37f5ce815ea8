"""Without hardware: a warm bed in a cool room, a turn every twenty minutes, a lamp in the log."""

import logging
import math
import time

from legwatch_device.drivers import MotionSample, Reading
from legwatch_device.drivers.options import SensorTable, SignalTable

logger = logging.getLogger(__name__)


class SimulatedThermometer:
    """Air that wanders a little around 31 °C, plus the offset: -12 makes a room of it."""

    def __init__(self, sensor: SensorTable) -> None:
        del sensor  # the offset is added by whoever reads

    def read(self) -> Reading:
        """Return the made air of this moment."""
        minutes = time.monotonic() / 60
        return Reading(round(31 + 0.4 * math.sin(minutes / 7), 1), 48.0)


class SimulatedMotion:
    """One movement every twenty minutes."""

    EVERY_S = 1200

    def __init__(self, sensor: SensorTable) -> None:
        del sensor
        self._turns = time.monotonic() // self.EVERY_S

    def seen(self) -> MotionSample:
        """Return the made movements since the last call."""
        turns = time.monotonic() // self.EVERY_S
        new, self._turns = turns - self._turns, turns
        return MotionSample(int(new))


class SimulatedSignal:
    """Writes into the log what a lamp and a buzzer would do; it has both whatever the pins."""

    def __init__(self, table: SignalTable) -> None:
        del table

    def light(self) -> bool:
        """Say that the lamp is lit."""
        logger.info("signal: the lamp is lit")
        return True

    def sound(self) -> bool:
        """Say that the buzzer beeps."""
        logger.info("signal: the buzzer beeps")
        return True

    def blink(self) -> bool:
        """Say that the lamp blinks."""
        logger.info("signal: the lamp blinks twice")
        return True

    def calm(self) -> None:
        """Say that all is off."""
        logger.info("signal: all off")
