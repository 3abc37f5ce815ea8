"""Adds up edges and seconds of a movement line.

A knock makes a vibration switch bounce for up to 200 ms: many edges, but one movement. A PIR keeps
its line active for minutes: one movement that goes on without edges. The seconds show both.

The level is movement only of a line that holds, and rests inactive. A spring comes to rest in
either state, and some modules rest active and pulse to inactive: there each twitch would be as long
as its window.
"""

from legwatch.signals.movement import LONGEST_HOLD_MS
from legwatch_device.drivers import MotionSample
from legwatch_runtime.clock import Instant

SETTLE_S = 0.2  # edges closer than this are one movement: SW-420 switches bounce for 1-200 ms
LONGEST_HOLD_S = LONGEST_HOLD_MS / 1000  # a line that is active for longer rests so
REST_S = 10.0  # a line that is inactive for longer rests so


class ActiveLine:
    """Edges and seconds of one line, each with its moment."""

    def __init__(self, *, active: bool, at: Instant) -> None:
        self._active, self._at = active, at
        self._moving_until = at
        self._edge_at: Instant | None = None
        self._rests_active, self._bounces = active, False
        self._moves = 0
        self._moved_s = self._active_s = 0.0

    def edge(self, *, active: bool, at: Instant) -> None:
        """Add an edge; an edge to `active` counts as a movement."""
        self._add_time_until(at)
        before, self._edge_at = self._edge_at, at
        # No PIR has pulses as short; how a spring comes to rest says nothing.
        self._bounces = self._bounces or (before is not None and at.since(before) < SETTLE_S)
        self._active = active
        self._moves += active
        self._moving_until = at.after(SETTLE_S)

    def take(self, *, active: bool, at: Instant) -> MotionSample:
        """Return the movement since the last call; `active` is the state of the line now.

        After a lost edge `active` corrects the state.
        """
        self._add_time_until(at)
        sample = MotionSample(self._moves, round(self._moved_s, 2), round(self._active_s, 2))
        self._active = active
        self._moves, self._moved_s, self._active_s = 0, 0.0, 0.0
        return sample

    def _add_time_until(self, at: Instant) -> None:
        """Add the time up to `at`; callbacks of two threads may come a little out of order."""
        passed_s = max(0.0, at.since(self._at))
        self._learn_rest(at)
        if self._active:
            self._active_s += passed_s
        if self._active and not (self._rests_active or self._bounces):
            self._moved_s += passed_s
        else:
            self._moved_s += min(passed_s, max(0.0, self._moving_until.since(self._at)))
        self._at = max(self._at, at)

    def _learn_rest(self, at: Instant) -> None:
        """Learn in which state the line rests, from how long it has been in the present one."""
        since_edge_s = at.since(self._edge_at) if self._edge_at is not None else 0.0
        if since_edge_s > (LONGEST_HOLD_S if self._active else REST_S):
            self._rests_active = self._active
