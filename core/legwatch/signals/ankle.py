"""The air by the ankle, of beds that have a second thermometer there, and its own course."""

from collections.abc import Sequence
from typing import NamedTuple

from legwatch.events import Window
from legwatch.limits.rules import HealthLimits
from legwatch.signals import bouts, thermometer
from legwatch.signals import course as courses
from legwatch.signals.bouts import Bouts
from legwatch.signals.course import Course
from legwatch.signals.thermometer import RawSample, Thermometer, quantize

FIELD = "ankle_c"  # of a window's others


class Ankle(NamedTuple):
    """The memory of this air; what moves in the bed is told by when this air began to fall."""

    air: Thermometer = Thermometer()
    course: Course = Course()
    bouts: Bouts = Bouts()


def samples(windows: Sequence[Window]) -> list[RawSample]:
    """Return the readings of a minute; none of a bed without such a thermometer."""
    return [
        (window.to_ms, quantize(value))
        for window in windows
        if window.others  # no window of most beds has any
        for name, value in window.others
        if name == FIELD
    ]


def update(
    was: Ankle, windows: Sequence[Window], moved_s: float, at_ms: int, health: HealthLimits
) -> Ankle:
    """Take one minute in; `moved_s`: its seconds with movement."""
    air = thermometer.update(was.air, samples(windows), at_ms, health)
    course = courses.update(was.course, air.celsius, moved_s, at_ms)
    edges = sum(window.moves or 0 for window in windows)
    return Ankle(air, course, bouts.update(was.bouts, moved_s, edges, course.peak_ms, at_ms))
