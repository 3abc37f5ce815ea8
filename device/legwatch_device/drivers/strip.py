"""A pressure or piezo strip under the mattress, at a channel of an analog converter.

A sample is the fraction of the supply, 0 to 1. What is wrong with the strip is seen here:

- `no_signal`: the value has been at an end of its range for 10 s. A wire is cut, or the converter
  is not there. A strip without any load looks the same, and a piezo strip that rests at 0 V, too.
- `frozen`: the value has not changed by a single count for hours.
- `no_number`, `out_of_range`: what the library returns is no fraction of the supply.
- `hangs`: no sample has come for 3 s, or one has taken so long.
- what the converter's own driver names, such as `no_answer`.
"""

import math
import threading
from collections.abc import Callable
from types import TracebackType
from typing import TypeVar

from legwatch_device.drivers import ReadFault
from legwatch_runtime.clock import Instant, instant

EVERY_S = 1 / 15  # a turn takes seconds, a twitch a third of one
BLIND_S, HANGS_S = 1.0, 3.0  # without a good sample; without any
ENDS = 0.003, 0.985  # of the supply; an amplifier or a regulator keeps a little away from its end
ENDS_S = 10.0  # a piezo strip comes back from its end within a second
LOWEST, HIGHEST = -0.05, 1.3  # what a converter with a range of 4.096 V can say of 3.3 V

T = TypeVar("T")
Hear = Callable[[float, Instant], None]


class Strip:
    """One strip; drivers hear its good samples and ask what they mean."""

    def __init__(
        self, read: Callable[[], object], frozen_s: float, now: Callable[[], Instant]
    ) -> None:
        self._read, self._frozen_s, self._now = read, frozen_s, now
        self._lock = threading.Lock()
        self._hear: list[Hear] = []
        self._error: BaseException | None = None
        self._where: TracebackType | None = None
        self._value = math.nan
        self._good: Instant | None = None
        self._turned = self._inside = self._changed = now()

    def hear(self, hear: Hear) -> None:
        """Call `hear` with each sample that lies inside of the range, and its moment."""
        with self._lock:
            self._hear.append(hear)

    def ask(self, answer: Callable[[Instant], T]) -> T:
        """Return an answer of this moment; raises the fault of the strip."""
        with self._lock:
            at = self._now()
            try:
                found = answer(at)  # with a fault, too: what was before is not told after it
            finally:
                self._raise_fault(at)
            return found

    def turn(self) -> None:
        """Take one sample, and keep what it raises."""
        begun, error, value = self._now(), None, math.nan
        try:
            value = _fraction(self._read())
        except BaseException as raised:  # noqa: BLE001 - the next question raises it
            error = raised
        at = self._now()
        if error is None and at.since(begun) > HANGS_S:
            error = ReadFault("hangs")  # an old value
        with self._lock:
            if error is not None or at.since(self._turned) > HANGS_S:
                self._inside = self._changed = at  # what was not seen has not lasted
            self._turned, self._error = at, error
            self._where = None if error is None else error.__traceback__
            if error is None:
                self._take(value, at)

    def _take(self, value: float, at: Instant) -> None:
        self._good = at
        if value != self._value:
            self._value, self._changed = value, at
        low, high = ENDS
        if low < value < high:
            self._inside = at
            for hear in self._hear:
                hear(value, at)

    def _raise_fault(self, at: Instant) -> None:
        if at.since(self._turned) > HANGS_S:
            raise ReadFault("hangs")
        if self._error is not None and (self._good is None or at.since(self._good) > BLIND_S):
            raise self._error.with_traceback(self._where)  # or it would grow with each question
        if at.since(self._inside) > ENDS_S:
            raise ReadFault("no_signal")
        if at.since(self._changed) > self._frozen_s:
            raise ReadFault("frozen")


class Converter:
    """An analog converter; each of its channels may have a strip.

    `sample` returns the fraction of the supply at a channel. `frozen_s`: how long one that works
    may stay at the same count.
    """

    def __init__(
        self,
        sample: Callable[[int], object],
        *,
        frozen_s: float,
        now: Callable[[], Instant] = instant,
    ) -> None:
        self._sample, self._frozen_s, self._now = sample, frozen_s, now
        self._strips: dict[int, Strip] = {}

    def strip(self, channel: int) -> Strip:
        """Return the strip at a channel; who asks for it again gets the same."""

        def read() -> object:
            return self._sample(channel)

        return self._strips.setdefault(channel, Strip(read, self._frozen_s, self._now))

    def turn(self) -> float:
        """Take a sample of each strip; return the seconds until the next one is due."""
        begun = self._now()
        for strip in tuple(self._strips.values()):
            strip.turn()
        return max(0.0, EVERY_S - self._now().since(begun))


def _fraction(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ReadFault("no_number")
    if not LOWEST <= value <= HIGHEST:
        raise ReadFault("out_of_range", f"{value:.3g} of the supply")
    return float(value)
