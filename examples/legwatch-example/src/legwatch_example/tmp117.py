"""The TMP117 thermometer on an I2C bus: ±0.1 °C, no humidity (data sheet SNOSD82 of its maker)."""

from dataclasses import dataclass
from typing import Protocol

from legwatch.errors import LegwatchError
from legwatch.settings import setting
from legwatch_device.drivers import ReadFault, Reading

TEMPERATURE, CONFIGURATION, DEVICE_ID = 0x00, 0x01, 0x0F  # registers
DATA_READY = 1 << 13  # in CONFIGURATION: a conversion has ended since the last reading
ID, ID_BITS = 0x117, 0xFFF
CELSIUS_PER_BIT = 0.0078125


class Bus(Protocol):
    """The part of `smbus2.SMBus` that the driver uses."""

    def read_i2c_block_data(self, i2c_addr: int, register: int, length: int, /) -> list[int]:
        """Return bytes of a register; raises OSError."""


class Tmp117:
    """A TMP117, which measures once a second by itself. Tests pass a `bus`."""

    @dataclass(frozen=True, slots=True)
    class Options:
        """The keys of a TMP117."""

        address: int = setting(72, "I2C address, by the pin ADD0", low=72, high=75)
        i2c_bus: int = setting(1, "number of the bus: 1 is /dev/i2c-1", low=0, high=22)

    def __init__(self, options: Options, *, bus: Bus | None = None) -> None:
        self._address = options.address
        self._bus = bus if bus is not None else _open(options.i2c_bus)
        if self._register(DEVICE_ID) & ID_BITS != ID:
            raise LegwatchError(f"the chip at I2C address {self._address} is no TMP117")

    def read(self) -> Reading:
        """Return the latest conversion; raises ReadFault if it has been read before."""
        if not self._register(CONFIGURATION) & DATA_READY:
            raise ReadFault("not_ready")
        raw = self._register(TEMPERATURE)
        return Reading((raw - 0x10000 if raw & 0x8000 else raw) * CELSIUS_PER_BIT)

    def _register(self, register: int) -> int:
        return int.from_bytes(self._bus.read_i2c_block_data(self._address, register, 2))


def _open(number: int) -> Bus:
    from smbus2 import SMBus  # noqa: PLC0415 - only a machine with the sensor needs the library

    bus: Bus = SMBus(number)
    return bus
