"""An I2C bus for one chip, as Adafruit's drivers want it, and the names of what goes wrong on it.

Each chip has a file of its own on the bus. The address of the next byte belongs to a file: if two
chips shared one, each read by its thread, one could get the answer of the other. The kernel lets
the messages of several files take turns.
"""

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from legwatch.errors import CannotRun
from legwatch.options import Part
from legwatch.settings import setting
from legwatch_device.drivers import ReadFault, Reading
from legwatch_device.drivers.device_file import check_file

HIGHEST_BUS = 31
PINS = {1: (2, 3)}  # of bus 1; others may lie anywhere
HOW = "switch I2C on, by sudo raspi-config nonint do_i2c 0, and restart the Pi"
_FAULTS = {errno.EREMOTEIO: "no_answer", errno.ENXIO: "no_answer", errno.ETIMEDOUT: "bus_hangs"}


def address_setting(default: int, about: str, *, low: int, high: int) -> Any:
    """Declare the key of the address."""
    return setting(default, f"I2C address: {about}", low=low, high=high)


def bus_setting() -> Any:
    """Declare the key of the bus."""
    return setting(1, "number of the I2C bus: 1 is /dev/i2c-1", low=0, high=HIGHEST_BUS)


def parts(bus: int, address: int, chip: str = "") -> Iterator[Part]:
    """Yield the chip's address, and the pins of its bus, which other chips share.

    `chip`: two tables may name the same one of these; empty: each needs its own.
    """
    yield Part("address", f"address {address} of I2C bus {bus}", chip)
    yield from (Part("bus", f"GPIO {pin}", f"I2C bus {bus}") for pin in PINS.get(bus, ()))


class Bus:
    """The bus of one chip. Raises CannotRun if it cannot be opened."""

    def __init__(self, number: int) -> None:
        from Adafruit_PureIO.smbus import SMBus  # noqa: PLC0415 - there only on a Pi

        check_file(f"i2c-{number}", "i2c", HOW)
        self._bus = SMBus(number)

    def try_lock(self) -> bool:
        """Return True: nobody else has this file."""
        return True

    def unlock(self) -> None:
        """Do nothing."""

    def writeto(self, address: int, buffer: Any, *, start: int = 0, end: int | None = None) -> None:
        """Write bytes to a chip; raises OSError."""
        self._bus.write_bytes(address, bytes(buffer)[start:end])

    def readfrom_into(
        self, address: int, buffer: Any, *, start: int = 0, end: int | None = None
    ) -> None:
        """Fill the buffer from a chip; raises OSError, and ValueError for too few bytes."""
        end = len(buffer) if end is None else end
        memoryview(buffer)[start:end] = self._bus.read_bytes(address, end - start)

    def writeto_then_readfrom(
        self,
        address: int,
        buffer_out: Any,
        buffer_in: Any,
        *,
        out_start: int = 0,
        out_end: int | None = None,
        in_start: int = 0,
        in_end: int | None = None,
    ) -> None:
        """Write bytes, such as the number of a register, and read the answer."""
        self.writeto(address, buffer_out, start=out_start, end=out_end)
        self.readfrom_into(address, buffer_in, start=in_start, end=in_end)


@contextmanager
def faults() -> Iterator[None]:
    """Name what Adafruit's drivers raise inside this block; raises ReadFault.

    Their errors have no type of their own: a ValueError is a sensor that does not answer.
    """
    try:
        yield
    except OSError as error:
        raise ReadFault(_FAULTS.get(error.errno or 0, "bus_error")) from error
    except (RuntimeError, ValueError) as error:
        text = str(error)
        if "No I2C device" in text:
            raise ReadFault("no_answer") from error
        if "CRC" in text:
            raise ReadFault("checksum") from error
        raise ReadFault("wrong_chip" if "Chip ID" in text else "read_error") from error


def must_answer(read: Callable[[], Reading], number: int, address: int) -> None:
    """Raise CannotRun if no sensor answers at the start, while somebody can see it."""
    try:
        read()
    except ReadFault as fault:
        if str(fault) in {"no_answer", "wrong_chip"}:  # of others, the next reading may be better
            raise not_there(fault, number, address) from fault


def not_there(fault: ReadFault, number: int, address: int) -> CannotRun:
    """Return in words that there is no such chip, or that it does not work."""
    what = {"no_answer": "nothing answers", "wrong_chip": "another chip answers"}.get(
        str(fault), f"an error ({fault})"
    )
    return CannotRun(
        f"{what} at the address {address} ({address:#x}) of /dev/i2c-{number}; the command"
        f" i2cdetect -y {number} lists the addresses that answer"
    )
