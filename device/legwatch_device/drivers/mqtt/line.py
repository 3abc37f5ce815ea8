"""The movement of a sensor that says on and off, and holds its on for a while by itself.

A PIR, and a program that makes one of an event, stay on for a time after the last movement. That
time is no movement, so it is subtracted: the line counts as active only from so long after its
begin. Its seconds are then right, and come later by that time.
"""

from typing import Protocol

from legwatch_device.drivers import MotionSample
from legwatch_device.drivers.gpio_line import ActiveLine
from legwatch_runtime.clock import Instant


class Line(Protocol):
    """What adds up the words of one sensor."""

    def said(self, *, on: bool, again: bool, at: Instant) -> None:
        """Take a word in; `again`: the same word as before is a movement of its own."""

    def take(self, at: Instant) -> MotionSample:
        """Return the movement since the last call."""


class HeldLine:
    """Counts movements, and the seconds on beyond `hold_s`; None: the seconds are not known."""

    def __init__(self, hold_s: float | None, at: Instant) -> None:
        self._hold_s, self._told_at = hold_s, at
        self._on_at: Instant | None = None
        self._moves, self._active_s = 0, 0.0

    def said(self, *, on: bool, again: bool, at: Instant) -> None:
        """Take a word in; `again`: the same word as before is a movement of its own."""
        if on and (again or self._on_at is None):
            self._moves += 1
        if on and self._on_at is None:
            self._on_at = at
        elif not on:
            self._add_until(at)
            self._on_at = None

    def take(self, at: Instant) -> MotionSample:
        """Return the movement since the last call."""
        self._add_until(at)
        seconds = None if self._hold_s is None else round(self._active_s, 2)
        moves, self._moves, self._active_s, self._told_at = self._moves, 0, 0.0, at
        return MotionSample(moves, seconds, seconds)

    def _add_until(self, at: Instant) -> None:
        if self._on_at is None or self._hold_s is None:
            return
        begun = max(self._told_at, self._on_at.after(self._hold_s))
        self._active_s += max(0.0, at.since(begun))
        self._told_at = max(self._told_at, at)


class BareLine:
    """A line without a hold of its own, which is measured as one on a pin."""

    def __init__(self, at: Instant) -> None:
        self._on = False
        self._line = ActiveLine(active=False, at=at)

    def said(self, *, on: bool, again: bool, at: Instant) -> None:
        """Take a word in; `again`: the same word as before is a movement of its own."""
        if on != self._on or (on and again):
            self._line.edge(active=on, at=at)
        self._on = on

    def take(self, at: Instant) -> MotionSample:
        """Return the movement since the last call."""
        return self._line.take(active=self._on, at=at)


def line(hold_s: float | None, at: Instant) -> Line:
    """Return what adds up a sensor with this hold; None: not known."""
    return BareLine(at) if hold_s == 0 else HeldLine(hold_s, at)
