"""Drivers without hardware: a warm bed, a turn every 20 minutes, lamp and buzzer in the log.

They know the keys of the real drivers and use none of them, so no pin must be given or is taken: to
try a table without its hardware, an owner changes only the name of the driver.
"""

import logging
import math
from dataclasses import dataclass
from typing import Any

from legwatch.settings import setting
from legwatch_device.drivers import MotionSample, Reading
from legwatch_device.drivers.pins import HIGHEST
from legwatch_runtime.clock import instant

logger = logging.getLogger(__name__)


def _unused_pin() -> Any:
    return setting(None, "not used", low=0, high=HIGHEST)


class SimulatedThermometer:
    """Air at about 31 °C; for the air of a room set `offset_c` to -12."""

    MAKES_VALUES = True

    @dataclass(frozen=True, slots=True)
    class Options:
        """The keys of the real thermometers."""

        pin: int | None = _unused_pin()
        pulseio: bool = setting(False, "not used")
        power_pin: int | None = _unused_pin()
        power_after: int | None = setting(None, "not used")
        device: str | None = setting(None, "not used")
        id: str | None = setting(None, "not used")
        address: int | None = setting(None, "not used")
        bus: int | None = setting(None, "not used")

    def __init__(self, options: Options) -> None:
        del options
        self._begun = instant()

    def read(self) -> Reading:
        """Return the simulated air of this moment."""
        minutes = instant().since(self._begun) / 60
        return Reading(round(31 + 0.4 * math.sin(minutes / 7), 1), 48.0)


class SimulatedMotion:
    """One movement every twenty minutes."""

    MAKES_VALUES = True

    @dataclass(frozen=True, slots=True)
    class Options:
        """The keys of a movement sensor."""

        pin: int | None = _unused_pin()

    EVERY_S = 1200

    def __init__(self, options: Options) -> None:
        del options
        self._begun, self._turns = instant(), 0.0

    def seen(self) -> MotionSample:
        """Return the simulated movements since the last call."""
        turns = instant().since(self._begun) // self.EVERY_S
        new, self._turns = turns - self._turns, turns
        return MotionSample(int(new))


class SimulatedSignal:
    """Logs what a lamp and a buzzer would do; both are there whatever pins are set."""

    @dataclass(frozen=True, slots=True)
    class Options:
        """The keys of lamp and buzzer."""

        lamp_pin: int | None = _unused_pin()
        buzzer_pin: int | None = _unused_pin()

    def __init__(self, options: Options) -> None:
        del options

    def light(self) -> bool:
        """Log that the lamp is lit."""
        logger.info("signal: the lamp is lit")
        return True

    def sound(self) -> bool:
        """Log that the buzzer beeps."""
        logger.info("signal: the buzzer beeps")
        return True

    def blink(self) -> bool:
        """Log that the lamp blinks."""
        logger.info("signal: the lamp blinks twice")
        return True

    def calm(self) -> None:
        """Log that lamp and buzzer are off."""
        logger.info("signal: all off")
