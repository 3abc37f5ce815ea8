"""A BME280 on the I2C bus; its values have no checksum, so prefer an SHT3x or SHT4x.

Faults: `no_measurement` (the register has its value of the start: its power was lost while it
measured), `no_answer`, `wrong_chip` (a BMP280 looks the same, and has no humidity), `bus_hangs`
(something holds the line), `bus_error` (any other error of the bus), `out_of_range`, `no_number`,
`read_error`. A humidity alone that was not measured is unknown.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from legwatch.options import Part
from legwatch_device.drivers import ReadFault, Reading, i2c
from legwatch_device.drivers.data_sheet import Sheet

_SHEET = Sheet(-40, 85)
_VALUES = b"\xfa"  # the register of the first of 3 bytes of temperature, then 2 of humidity
# What the registers have without a measurement (data sheet). The driver makes some 22 °C of it.
_NO_TEMPERATURE, _NO_HUMIDITY = b"\x80\x00\x00", b"\x80\x00"


class Bme280:
    """One BME280, by Adafruit's driver. Tests pass a `bus` in place of the machine's."""

    @dataclass(frozen=True, slots=True)
    class Options:
        """The keys of a BME280."""

        address: int = i2c.address_setting(0x76, "118 (0x76) or 119 (0x77)", low=118, high=119)
        bus: int = i2c.bus_setting()

        def parts(self) -> Iterator[Part]:
            """Yield the address, and the pins of the bus."""
            return i2c.parts(self.bus, self.address)

    def __init__(self, options: Options, *, bus: Any = None) -> None:
        from adafruit_bme280 import basic  # noqa: PLC0415 - there only on a Pi

        self._library: Any = basic
        self._bus = i2c.Bus(options.bus) if bus is None else bus
        self._address = options.address
        i2c.must_answer(self.read, options.bus, options.address)

    def read(self) -> Reading:
        """Return a new reading; raises ReadFault.

        The driver is made anew each time, and reads the sensor's calibration: that of a sensor that
        was exchanged, or one read wrongly, would make all later values wrong by degrees.
        """
        with i2c.faults():
            sensor = self._library.Adafruit_BME280_I2C(self._bus, self._address)
            humidity_pct, celsius = sensor.humidity, sensor.temperature
            values = bytearray(5)
            self._bus.writeto(self._address, _VALUES)
            self._bus.readfrom_into(self._address, values)
        if values[:3] == _NO_TEMPERATURE:
            raise ReadFault("no_measurement")
        return _SHEET.reading(celsius, None if values[3:] == _NO_HUMIDITY else humidity_pct)
