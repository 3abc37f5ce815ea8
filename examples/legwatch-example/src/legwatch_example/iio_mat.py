"""A pressure mat or load cell on an analogue converter that Linux knows (Industrial I/O)."""

from dataclasses import dataclass
from pathlib import Path

from legwatch.errors import CannotRun
from legwatch.settings import setting
from legwatch_device.drivers import ReadFault


class IioMat:
    """Somebody is in bed while the converter's number is over a threshold."""

    @dataclass(frozen=True, slots=True)
    class Options:
        """The keys of the mat."""

        file: str = setting(..., "such as /sys/bus/iio/devices/iio:device0/in_voltage0_raw")
        over: int = setting(..., "number of the converter with somebody in bed", low=1, high=65535)

    def __init__(self, options: Options) -> None:
        self._file, self._over = Path(options.file), options.over
        if not self._file.exists():
            raise CannotRun(f"{self._file} is not there: is the converter plugged in?")

    def present(self) -> bool:
        """Return if the number is over the threshold; raises ReadFault."""
        try:
            return int(self._file.read_text(encoding="ascii")) > self._over
        except ValueError:
            raise ReadFault("no_number") from None
