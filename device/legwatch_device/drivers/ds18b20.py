"""A DS18B20 on the 1-Wire bus (`dtoverlay=w1-gpio`); it measures no humidity.

Faults: `power_on` (85.0 °C: the value before the first measurement; its power was lost),
`checksum` (CRC, or nothing but zeros: a loose contact, a cable that is too long, or the pull-up is
missing), `no_answer` (it is not on the wire any more), `several_sensors` (and the settings name
none), `out_of_range`, `no_number`, `read_error` (the kernel gave half an answer).
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from legwatch.errors import CannotRun
from legwatch.options import Part
from legwatch.settings import setting
from legwatch_device.drivers import ReadFault, Reading
from legwatch_device.drivers.data_sheet import Sheet

_SHEET = Sheet(-55, 125)
FAMILY = "28-"  # of all DS18B20, in the names of the kernel's folders


def _folder(text: str) -> str:
    """Return what is wrong with the name of a sensor's folder."""
    known = re.fullmatch(f"{FAMILY}[0-9a-f]{{12}}", text)
    return "" if known else "28- and 12 digits of 0-9 and a-f are expected, as 28-00000a1b2c3d"


class Ds18b20:
    """One DS18B20, by the library w1thermsensor.

    It is looked up at each reading. Then one that is exchanged works again at once, and one that
    the settings do not name is not taken for another while that one is away for a moment.
    """

    @dataclass(frozen=True, slots=True)
    class Options:
        """The keys of a DS18B20."""

        id: str | None = setting(
            None, "its folder in /sys/bus/w1/devices; only if several are there", form=_folder
        )

        def parts(self) -> Iterator[Part]:
            """Yield the sensor. Without an id it must be the only one, or be taken for another."""
            yield Part("id", "the only DS18B20", "one of several" if self.id else "")
            if self.id:
                yield Part("id", f"the DS18B20 {self.id}")

    def __init__(self, options: Options) -> None:
        os.environ.setdefault("W1THERMSENSOR_NO_KERNEL_MODULE", "1")  # the overlay loads them
        import w1thermsensor  # noqa: PLC0415 - hardware libraries are there only on a Pi

        self._library: Any = w1thermsensor
        self._id = options.id.removeprefix(FAMILY) if options.id else None
        found = self._found()
        if len(found) != 1:
            raise CannotRun(self._why_not(found))

    def read(self) -> Reading:
        """Return a new reading, within about 1 s; raises ReadFault."""
        library = self._library
        try:
            found = self._found()
            if len(found) != 1:
                raise ReadFault("several_sensors" if found else "no_answer")
            return _SHEET.reading(found[0].get_temperature())
        except library.ResetValueError as error:
            raise ReadFault("power_on") from error
        except library.SensorNotReadyError as error:
            raise ReadFault("checksum") from error
        except (library.NoSensorFoundError, FileNotFoundError) as error:
            raise ReadFault("no_answer") from error
        except (OSError, IndexError, ValueError) as error:
            raise ReadFault("read_error") from error

    def _found(self) -> list[Any]:
        """Return the sensors on the wire that the options mean."""
        if not self._library.W1ThermSensor.BASE_DIRECTORY.is_dir():
            return []
        kinds = [self._library.Sensor.DS18B20]
        everyone = self._library.W1ThermSensor.get_available_sensors(kinds)
        return [one for one in everyone if self._id in {None, one.id}]

    def _why_not(self, found: list[Any]) -> str:
        if found:
            named = ", ".join(sorted(f"{FAMILY}{one.id}" for one in found))
            return f"several sensors are on the wire: name the right one by id: {named}"
        return (
            f"no such sensor is in {self._library.W1ThermSensor.BASE_DIRECTORY}: is"
            " dtoverlay=w1-gpio in /boot/firmware/config.txt, and are its cable and its resistor"
            " of 4.7 kΩ from data to 3.3 V in place?"
        )
