"""From moments of movement to edges and seconds, for sensors that are read again and again.

A bout of movement has an edge at its begin, and one for each second that it goes on. So the core
sees that the sensor counts, and tells a turn from a twitch: a sensor that has one edge a bout would
pass for a PIR, of which each movement is a turn. A bout that goes on after the end of a window has
an edge there, too: without one, its seconds would be those of a line that is held.
"""

from legwatch_device.drivers import MotionSample, ReadFault
from legwatch_runtime.clock import Instant

EDGE_S = 1.0
SHORT_S = 2.0  # after so short a time, what was not covered says nothing


class Bouts:
    """Adds up the movement between two calls of `take`."""

    def __init__(self, at: Instant) -> None:
        self._taken, self._edge_at = at, at.after(-EDGE_S)
        self._moves, self._moved_s, self._covered_s = 0, 0.0, 0.0

    def add(self, length_s: float, at: Instant, *, moving: bool) -> None:
        """Add the time of `length_s` that ends at `at`."""
        self._covered_s += length_s
        if not moving:
            return
        self._moved_s += length_s
        if at.since(self._edge_at) >= EDGE_S or not self._moves:
            self._moves += 1
            self._edge_at = at

    def take(self, at: Instant) -> MotionSample:
        """Return the movement since the last call; raises ReadFault if half of it was not seen."""
        passed_s = at.since(self._taken)
        gaps = passed_s > SHORT_S and self._covered_s < passed_s / 2
        sample = MotionSample(self._moves, round(self._moved_s, 2))
        self._taken, self._moves, self._moved_s, self._covered_s = at, 0, 0.0, 0.0
        if gaps:
            raise ReadFault("gaps")
        return sample
