"""The server's own time: UTC that never jumps by itself, whatever becomes of the wall clock.

It is the machine's elapsed time plus a zero. So a wall clock that is set moves nothing: all threads
go on by the old names until the writer thread moves the zero, and all that is stored with it.
"""

from collections.abc import Callable
from typing import NamedTuple

from legwatch_runtime.clock import EARLIEST_MS, Clock, Instant, SystemClock


class Stamp(NamedTuple):
    """The name of a moment, and by how much the time line had been moved when it was given."""

    at_ms: int
    moved_ms: int


class _Line(NamedTuple):
    zero_ms: int
    moved_ms: int


class Timeline:
    """Any thread may read it; only the writer thread moves it.

    `boot` names the machine's present run; `awaits_time`: the clock was not set since its start.
    """

    def __init__(
        self,
        clock: Clock | None = None,
        *,
        boot: str = "",
        awaits_time: Callable[[], bool] = lambda: False,
    ) -> None:
        self._clock = clock or SystemClock()
        self.boot, self.awaits_time = boot, awaits_time
        wall_ms = max(self._clock.utc_ms(), EARLIEST_MS)  # never in 1970
        self._line = _Line(wall_ms - self._clock.mono_ms(), 0)  # replaced as a whole

    @property
    def moved_ms(self) -> int:
        """By how much it was moved in all."""
        return self._line.moved_ms

    @property
    def zero_ms(self) -> int:
        """The time at the start of the machine."""
        return self._line.zero_ms

    def now_ms(self) -> int:
        """Return the time in UTC milliseconds."""
        return self._line.zero_ms + self._clock.mono_ms()

    def stamp(self) -> Stamp:
        """Return the time with what an older name of it needs to be renewed later."""
        zero_ms, moved_ms = self._line
        return Stamp(zero_ms + self._clock.mono_ms(), moved_ms)

    def instant(self) -> Instant:
        """Return this moment, to measure from it."""
        return self._clock.instant()

    def wall_ms(self) -> int:
        """Return what the wall clock says."""
        return self._clock.utc_ms()

    def up_ms(self) -> int:
        """Return the time since the start of the machine."""
        return self._clock.mono_ms()

    def begin(self, zero_ms: int) -> None:
        """Start with this zero, before anybody reads the time."""
        self._line = _Line(zero_ms, 0)

    def move(self, by_ms: int) -> None:
        """Give all moments from now on names that are later by `by_ms`."""
        zero_ms, moved_ms = self._line
        self._line = _Line(zero_ms + by_ms, moved_ms + by_ms)
