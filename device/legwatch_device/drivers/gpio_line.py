"""What a movement line has done: edges, and for how long it moved or was active.

A knock makes a vibration switch bounce for up to 200 ms, which is one movement; a PIR holds its
line for minutes, which is a movement that goes on without an edge. Seconds tell both from rest.
"""

from legwatch_device.drivers import MotionSample

SETTLE_S = 0.2  # edges nearer than this are one movement: SW-420 switches bounce for 1-200 ms


class ActiveLine:
    """Adds up one line's edges. All times are seconds of one steady clock."""

    def __init__(self, *, active: bool, at_s: float) -> None:
        self._active, self._at_s = active, at_s
        self._moving_until_s = at_s
        self._moves = 0
        self._moved_s = self._active_s = 0.0

    def edge(self, *, active: bool, at_s: float) -> None:
        """Take note of an edge; one towards active is a movement."""
        self._pass(at_s)
        self._active = active
        self._moves += active
        self._moving_until_s = at_s + SETTLE_S

    def take(self, *, active: bool, at_s: float) -> MotionSample:
        """Return what was seen since the last call; `active`, as it is now, mends a lost edge."""
        self._pass(at_s)
        seen = MotionSample(self._moves, round(self._moved_s, 2), round(self._active_s, 2))
        self._active = active
        self._moves, self._moved_s, self._active_s = 0, 0.0, 0.0
        return seen

    def _pass(self, at_s: float) -> None:
        """Let time go on to `at_s`; callbacks of two threads may come a little out of order."""
        passed_s = max(0.0, at_s - self._at_s)
        if self._active:
            self._active_s += passed_s
            self._moved_s += passed_s
        else:
            self._moved_s += min(passed_s, max(0.0, self._moving_until_s - self._at_s))
        self._at_s = max(self._at_s, at_s)
