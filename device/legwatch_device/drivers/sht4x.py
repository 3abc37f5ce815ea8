"""An SHT40, SHT41 or SHT45 on the I2C bus: exact, cheap to read, and each value has a CRC.

Faults: `checksum`, `no_answer`, `bus_hangs` (something holds the line), `bus_error` (any other
error of the bus), `out_of_range`, `no_number`, `read_error`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from legwatch.options import Part
from legwatch_device.drivers import Reading, i2c
from legwatch_device.drivers.data_sheet import Sheet

_SHEET = Sheet(-40, 125)


class Sht4x:
    """One SHT4x, by Adafruit's driver. Tests pass a `bus` in place of the machine's."""

    @dataclass(frozen=True, slots=True)
    class Options:
        """The keys of an SHT4x."""

        address: int = i2c.address_setting(0x44, "68 (0x44), or 69, 70 by type", low=68, high=70)
        bus: int = i2c.bus_setting()

        def parts(self) -> Iterator[Part]:
            """Yield the address, and the pins of the bus."""
            return i2c.parts(self.bus, self.address)

    def __init__(self, options: Options, *, bus: Any = None) -> None:
        import adafruit_sht4x  # noqa: PLC0415 - hardware libraries are there only on a Pi

        self._library: Any = adafruit_sht4x
        self._bus = i2c.Bus(options.bus) if bus is None else bus
        self._address = options.address
        i2c.must_answer(self.read, options.bus, options.address)

    def read(self) -> Reading:
        """Return a new reading; raises ReadFault.

        The sensor is reset each time: one that was exchanged or had no power is in no old state.
        """
        with i2c.faults():
            celsius, humidity_pct = self._library.SHT4x(self._bus, self._address).measurements
        return _SHEET.reading(celsius, humidity_pct)
