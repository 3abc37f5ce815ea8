"""What both drivers of a DHT22 share: when it may be read again, and which answers are none.

The library and the kernel keep an answer for two seconds, and give it again to who asks sooner. So
no try comes within 2.5 s of the one before.
"""

from collections.abc import Callable

from legwatch_device.drivers import ReadFault, Reading
from legwatch_device.drivers.data_sheet import Sheet
from legwatch_runtime.clock import Instant

PAUSE_S = 2.5  # the sensor measures every 2 s (data sheet)
TRIES = 3  # of one reading: one in four fails, also of a good sensor
_SHEET = Sheet(-40, 80)


def reading(celsius: object, humidity_pct: object) -> Reading:
    """Return the values as a reading; raises ReadFault.

    A line that stays low gives nothing but zeros, and these have the right checksum. A clone that
    writes degrees below zero in another way gives -3274 and the like.
    """
    found = _SHEET.reading(celsius, humidity_pct)
    if found.celsius == 0 and not found.humidity_pct:
        raise ReadFault("implausible")
    return found


class Tries:
    """Reads a sensor up to three times, with the pause before each try."""

    def __init__(self, now: Callable[[], Instant], sleep: Callable[[float], object]) -> None:
        self._now, self._sleep = now, sleep
        self._asked: Instant | None = None

    def read(self, once: Callable[[], Reading], *, last: tuple[str, ...] = ()) -> Reading:
        """Return the first good reading; raises the last fault. A fault in `last` ends it."""
        fault = ReadFault("no_answer")
        for _ in range(TRIES):
            self._rest()
            try:
                return once()
            except ReadFault as found:
                fault = found
                if str(found) in last:
                    break
        raise fault

    def starts(self) -> None:
        """Begin the pause now: the sensor has just got its power."""
        self._asked = self._now()

    def _rest(self) -> None:
        if self._asked is not None:
            wait_s = PAUSE_S - self._now().since(self._asked)
            if wait_s > 0:
                self._sleep(wait_s)
        self._asked = self._now()
