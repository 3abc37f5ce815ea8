"""An SHT30, SHT31 or SHT35 on the I2C bus: exact, cheap to read, and each value has a CRC.

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


class Sht3x:
    """One SHT3x, by Adafruit's driver of the SHT31-D. Tests pass a `bus`."""

    @dataclass(frozen=True, slots=True)
    class Options:
        """The keys of an SHT3x."""

        address: int = i2c.address_setting(0x44, "68 (0x44), 69 with ADDR high", low=68, high=69)
        bus: int = i2c.bus_setting()

        def parts(self) -> Iterator[Part]:
            """Yield the address, and the pins of the bus."""
            return i2c.parts(self.bus, self.address)

    def __init__(self, options: Options, *, bus: Any = None) -> None:
        import adafruit_sht31d  # noqa: PLC0415 - hardware libraries are there only on a Pi

        self._library: Any = adafruit_sht31d
        self._bus = i2c.Bus(options.bus) if bus is None else bus
        self._address = options.address
        i2c.must_answer(self.read, options.bus, options.address)

    def read(self) -> Reading:
        """Return a new reading; raises ReadFault.

        The sensor is reset each time: one that was exchanged or had no power is in no old state.
        The driver measures once for each of the two values.
        """
        with i2c.faults():
            sensor = self._library.SHT31D(self._bus, self._address)
            celsius, humidity_pct = sensor.temperature, sensor.relative_humidity
        return _SHEET.reading(celsius, humidity_pct)
