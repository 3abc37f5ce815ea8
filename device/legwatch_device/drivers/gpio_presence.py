"""Somebody in bed, seen by a digital line: a pressure mat, or a radar that sees breathing.

Not a PIR: it does not see a sleeper who lies still, and the alerts for a still or cold sleeper end
when the bed is empty.

The state of the line at the end of a window counts. A line that changes within seconds is no
problem: the engine believes a change only when it has lasted.
"""

from dataclasses import dataclass
from typing import Any

from legwatch.settings import setting
from legwatch_device.drivers import pins

HIGH, GROUND = "high", "ground"


class GpioPresence:
    """Watches one pin."""

    @dataclass(frozen=True, slots=True)
    class Options:
        """The keys of a presence sensor."""

        pin: int = pins.pin_setting("GPIO number (BCM)")
        active: str = setting(
            HIGH,
            "the line while somebody is in bed; ground: a mat between pin and ground",
            choices=(HIGH, GROUND),
        )

    def __init__(self, options: Options) -> None:
        to_ground = options.active == GROUND
        self._device: Any = pins.gpio("DigitalInputDevice", options.pin, pull_up=to_ground)

    def present(self) -> bool:
        """Return if the line says that somebody is in bed."""
        return pins.is_active(self._device)
