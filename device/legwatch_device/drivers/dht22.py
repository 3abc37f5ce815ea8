"""The DHT22 / AM2302 thermometer.

Within two seconds of a failed read, its library returns the *old* values without an error. Then an
old value could look like a warm leg. So this driver never reads within two seconds, and takes only
values of a read that succeeded.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from legwatch.errors import LegwatchError
from legwatch.settings import setting
from legwatch_device.drivers import ReadFault, Reading
from legwatch_device.drivers.pins import NO_BOARD, opening, pin_setting
from legwatch_runtime.clock import Instant, instant

PAUSE_S = 2.5  # the sensor measures every 2 s (data sheet)
TRIES = 3
_FAULTS = (
    ("checksum", "checksum"),
    ("not found", "no_answer"),
    ("full buffer", "short_answer"),
    ("plausible", "implausible"),
    ("plausable", "implausible"),
)


class Dht22:
    """A DHT22 on one GPIO pin. Tests pass a `device` in place of the library's object."""

    @dataclass(frozen=True, slots=True)
    class Options:
        """The keys of a DHT22."""

        pin: int = pin_setting("GPIO number (BCM)")
        pulseio: bool = setting(False, "true: time the pulses with pulseio, not with bit banging")

    def __init__(
        self,
        options: Options,
        *,
        device: Any = None,
        now: Callable[[], Instant] = instant,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._device = device if device is not None else _open(options)
        self._now, self._sleep = now, sleep
        self._asked: Instant | None = None

    def read(self) -> Reading:
        """Return a new reading within about 8 s; raises ReadFault with the last fault."""
        fault = "no_answer"
        for _ in range(TRIES):
            self._rest()
            try:
                celsius = self._device.temperature
                humidity = self._device.humidity
            except (RuntimeError, OSError) as error:
                fault = _fault_of(str(error))
                continue
            if celsius is None or (celsius == 0 and not humidity):
                fault = "no_answer" if celsius is None else "implausible"
                continue
            return Reading(float(celsius), None if humidity is None else float(humidity))
        raise ReadFault(fault)

    def _rest(self) -> None:
        """Wait until the library reads the sensor again, and does not return old values."""
        if self._asked is not None:
            wait_s = PAUSE_S - self._now().since(self._asked)
            if wait_s > 0:
                self._sleep(wait_s)
        self._asked = self._now()


def _open(options: Dht22.Options) -> Any:
    with opening(options.pin):
        library, pin = _known(options.pin)
        # The library opens the pin only for each reading. Try now, at the start, while somebody can
        # see the error; in the night it would be only one more "read_error".
        library.DigitalInOut(pin).deinit()
        return library.DHT22(pin, use_pulseio=options.pulseio)


def _known(number: int) -> tuple[Any, Any]:
    """Return the library and its object for the pin; raises LegwatchError on an unknown board."""
    try:
        import adafruit_dht  # noqa: PLC0415 - hardware libraries are there only on a Pi
        import board  # noqa: PLC0415
    except NotImplementedError as error:
        raise LegwatchError(NO_BOARD) from error
    pin = getattr(board, f"D{number}", None)
    if pin is None:
        raise LegwatchError(f"{NO_BOARD} ({board.board_id} has no D{number})")
    return adafruit_dht, pin


def _fault_of(message: str) -> str:
    low = message.lower()
    return next((fault for part, fault in _FAULTS if part in low), "read_error")
