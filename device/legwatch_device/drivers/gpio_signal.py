"""A lamp (an LED, or a relay for a lamp) and an active buzzer on GPIO pins; high is on.

Connect only a light and a sound to these pins, nothing that warms or moves.
"""

from dataclasses import dataclass
from typing import Any

from legwatch.errors import OptionError
from legwatch_device.drivers import pins

BEEP_S, PAUSE_S, BEEPS = 0.4, 1.1, 40  # 40 times 1.5 s: one minute
BLINK_S, DARK_S, BLINKS = 0.15, 0.25, 2


class GpioSignal:
    """Lamp and buzzer; gpiozero beeps and blinks in its own thread, so no method waits."""

    @dataclass(frozen=True, slots=True)
    class Options:
        """The keys of lamp and buzzer; one of the pins may be missing."""

        lamp_pin: int | None = pins.pin_setting(
            "GPIO number (BCM) of an LED with its resistor", needed=False
        )
        buzzer_pin: int | None = pins.pin_setting(
            "GPIO number (BCM) of an active buzzer", needed=False
        )

        def check(self) -> None:
            """Raise OptionError if there is neither lamp nor buzzer."""
            if self.lamp_pin is None and self.buzzer_pin is None:
                raise OptionError("", "a lamp_pin or a buzzer_pin is needed")

    def __init__(self, options: Options) -> None:
        # Opening switches both off, even if a crash has left them on.
        self._lamp = _opened("LED", options.lamp_pin)
        self._buzzer = _opened("Buzzer", options.buzzer_pin)

    def light(self) -> bool:
        """Switch the lamp on; False without a lamp."""
        if self._lamp is None:
            return False
        self._lamp.on()
        return True

    def sound(self) -> bool:
        """Beep for a minute; False without a buzzer."""
        if self._buzzer is None:
            return False
        self._buzzer.beep(on_time=BEEP_S, off_time=PAUSE_S, n=BEEPS)
        return True

    def blink(self) -> bool:
        """Blink the lamp twice and leave it off; False without a lamp."""
        if self._lamp is None:
            return False
        self._lamp.blink(on_time=BLINK_S, off_time=DARK_S, n=BLINKS)
        return True

    def calm(self) -> None:
        """Switch lamp and buzzer off."""
        for device in (self._buzzer, self._lamp):
            if device is not None:
                device.off()


def _opened(device: str, pin: int | None) -> Any:
    return None if pin is None else pins.gpio(device, pin)
