"""From moments of movement to bouts and seconds, for sensors that are read again and again.

The core takes seconds without a bout for a line that is held, and not for movement. So a bout that
goes on after the end of a window counts as one in the next window, too, with its seconds there.
"""

from legwatch_device.drivers import MotionSample, ReadFault
from legwatch_runtime.clock import Instant

PAUSE_S = 2.0  # a longer rest ends a bout
SHORT_S = 2.0  # after so short a time, what was not covered says nothing


class Bouts:
    """Adds up the movement between two calls of `take`."""

    def __init__(self, at: Instant) -> None:
        self._taken, self._moved_at = at, at.after(-PAUSE_S)
        self._moves, self._moved_s, self._covered_s = 0, 0.0, 0.0

    def add(self, length_s: float, at: Instant, *, moving: bool) -> None:
        """Add the time of `length_s` that ends at `at`."""
        self._covered_s += length_s
        if not moving:
            return
        rested_s = at.since(self._moved_at) - length_s
        if rested_s >= PAUSE_S or not self._moves:
            self._moves += 1
        self._moved_s += length_s
        self._moved_at = at

    def take(self, at: Instant) -> MotionSample:
        """Return the movement since the last call; raises ReadFault if half of it was not seen."""
        passed_s = at.since(self._taken)
        gaps = passed_s > SHORT_S and self._covered_s < passed_s / 2
        sample = MotionSample(self._moves, round(self._moved_s, 2))
        self._taken, self._moves, self._moved_s, self._covered_s = at, 0, 0.0, 0.0
        if gaps:
            raise ReadFault("gaps")
        return sample
