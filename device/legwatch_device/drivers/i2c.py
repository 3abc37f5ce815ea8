"""An I2C bus for one sensor, as Adafruit's drivers want it, and the names of what goes wrong on it.

Each sensor has a file of its own on the bus. The address of the next byte belongs to a file: if two
sensors shared one, each read by its thread, one could get the answer of the other. The kernel lets
the messages of several files take turns.
"""

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from legwatch.errors import CannotRun
from legwatch.settings import setting
from legwatch_device.drivers import ReadFault, Reading

DEV = Path("/dev")
HIGHEST_BUS = 31
_FAULTS = {errno.EREMOTEIO: "no_answer", errno.ENXIO: "no_answer", errno.ETIMEDOUT: "bus_hangs"}


def address_setting(default: int, about: str, *, low: int, high: int) -> Any:
    """Declare the key of the address."""
    return setting(default, f"I2C address: {about}", low=low, high=high, identity=True)


def bus_setting() -> Any:
    """Declare the key of the bus."""
    return setting(
        1, "number of the I2C bus: 1 is /dev/i2c-1", low=0, high=HIGHEST_BUS, identity=True
    )


class Bus:
    """The bus of one sensor. Raises CannotRun if it cannot be opened."""

    def __init__(self, number: int) -> None:
        from Adafruit_PureIO.smbus import SMBus  # noqa: PLC0415 - there only on a Pi

        file = DEV / f"i2c-{number}"
        try:
            self._bus = SMBus(number)
        except FileNotFoundError as error:
            raise CannotRun(
                f"{file} is not there: switch I2C on, by sudo raspi-config nonint do_i2c 0, and"
                " restart the Pi"
            ) from error
        except PermissionError as error:
            raise CannotRun(
                f"{file} is there, but this user may not open it: sudo usermod -aG i2c $USER, then"
                " log in again"
            ) from error

    def try_lock(self) -> bool:
        """Return True: nobody else has this file."""
        return True

    def unlock(self) -> None:
        """Do nothing."""

    def writeto(self, address: int, buffer: Any, *, start: int = 0, end: int | None = None) -> None:
        """Write bytes to a sensor; raises OSError."""
        self._bus.write_bytes(address, bytes(buffer)[start:end])

    def readfrom_into(
        self, address: int, buffer: Any, *, start: int = 0, end: int | None = None
    ) -> None:
        """Fill the buffer from a sensor; raises OSError."""
        end = len(buffer) if end is None else end
        buffer[start:end] = self._bus.read_bytes(address, end - start)


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
        if str(fault) not in {"no_answer", "wrong_chip"}:
            return  # the next reading may be better
        what = "no sensor answers" if str(fault) == "no_answer" else "another chip answers"
        raise CannotRun(
            f"{what} at the address {address:#x} of {DEV / f'i2c-{number}'}; the command"
            f" i2cdetect -y {number} lists the addresses that answer"
        ) from fault
