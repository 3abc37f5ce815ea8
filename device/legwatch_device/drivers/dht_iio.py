"""A DHT22 that the kernel reads (`dtoverlay=dht11,gpiopin=4`): the reliable way, and the cheap one.

The kernel takes the time of each edge in an interrupt, so a busy machine spoils few readings, and
none of them costs this process any time. Recommended where the overlay is on; no library is needed.

Faults: `bad_answer` (the kernel's EIO: checksum, or an edge was lost), `no_answer` (ETIMEDOUT: no
or few edges; or the device is gone), `coarse_clock` (EAGAIN: this machine's clock is too coarse for
the pulses), `implausible` (nothing but zeros), `out_of_range`, `no_number`, `several_sensors` (and
the settings name none), `read_error` (any other).
"""

import errno
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from legwatch.errors import CannotRun, OptionError
from legwatch.options import Part
from legwatch.settings import setting
from legwatch_device.drivers import ReadFault, Reading, dht
from legwatch_device.drivers.pins import pin_setting
from legwatch_runtime.clock import Instant, instant

DEVICES = Path("/sys/bus/iio/devices")
_TEMPERATURE, _HUMIDITY = "in_temp_input", "in_humidityrelative_input"
_FAULTS = {
    errno.EIO: "bad_answer",
    errno.ETIMEDOUT: "no_answer",
    errno.EAGAIN: "coarse_clock",
    errno.ENOENT: "no_answer",
    errno.ENODEV: "no_answer",
}


class DhtIio:
    """One DHT22 of the kernel's driver `dht11`. Tests pass `text_of` to let the kernel fail."""

    @dataclass(frozen=True, slots=True)
    class Options:
        """The keys of a DHT22 that the kernel reads."""

        pin: int | None = pin_setting(
            "GPIO number (BCM) of its overlay; only if several are there", needed=False
        )
        device: str | None = setting(None, "instead of the pin: its name, such as iio:device0")

        def check(self) -> None:
            """Raise OptionError for two names of one sensor."""
            if self.pin is not None and self.device is not None:
                raise OptionError("device", "pin names the sensor already: give one of them")

        def parts(self) -> Iterator[Part]:
            """Yield the sensor; without a name it has to be the only one. Its pin is declared."""
            if self.device is not None:
                yield Part("device", f"the sensor {self.device}")
            elif self.pin is None:
                yield Part("pin", "the only DHT22 of the kernel")

    def __init__(
        self,
        options: Options,
        *,
        now: Callable[[], Instant] = instant,
        sleep: Callable[[float], None] = time.sleep,
        text_of: Callable[[Path], str] = Path.read_text,
    ) -> None:
        self._options, self._text_of = options, text_of
        self._tries = dht.Tries(now, sleep)
        found = self._found()
        if len(found) != 1:
            raise CannotRun(self._why_not(found))

    def read(self) -> Reading:
        """Return a new reading within about 9 s; raises ReadFault with the last fault."""
        return self._tries.read(self._once)

    def _once(self) -> Reading:
        """Read both values of one conversion: the kernel keeps it for the second file.

        The device is looked up each time: its number changes when the overlay is loaded again.
        """
        try:
            found = self._found()
            if len(found) != 1:
                raise ReadFault("several_sensors" if found else "no_answer")
            celsius = self._thousandths(found[0] / _TEMPERATURE)
        except OSError as error:
            raise ReadFault(_FAULTS.get(error.errno or 0, "read_error")) from error
        humidity_pct = None
        with suppress(OSError):  # the temperature is good all the same
            humidity_pct = self._thousandths(found[0] / _HUMIDITY)
        return dht.reading(celsius, humidity_pct)

    def _thousandths(self, file: Path) -> float:
        try:
            return int(self._text_of(file)) / 1000
        except ValueError as error:
            raise ReadFault("no_number") from error

    def _found(self) -> list[Path]:
        """Return the devices that the options mean."""
        everyone = sorted(folder for folder in DEVICES.glob("*") if "dht" in _name(folder))
        pin, device = self._options.pin, self._options.device
        if pin is not None:
            return [folder for folder in everyone if _pin(folder) == pin]
        return [folder for folder in everyone if device in {None, folder.name, _name(folder)}]

    def _why_not(self, found: list[Path]) -> str:
        if found:
            named = ", ".join(f"{folder.name} (GPIO {_pin(folder)})" for folder in found)
            return f"several sensors are there: name the right one by pin or device: {named}"
        return (
            f"no such sensor is in {DEVICES}: put dtoverlay=dht11,gpiopin=4, with the number of its"
            " pin, into /boot/firmware/config.txt, and restart the Pi"
        )


def _name(folder: Path) -> str:
    """Return what the kernel calls a device; empty if it is just going."""
    try:
        return (folder / "name").read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""


def _pin(folder: Path) -> int | None:
    """Return the pin of a device by the device tree: controller, pin and flags, 4 bytes each."""
    try:
        return int.from_bytes((folder / "of_node" / "gpios").read_bytes()[4:8], "big")
    except OSError:
        return None
