"""The simple automation that the rules are measured against: two limits and nothing else.

It is what somebody would set up in an evening: cold below 28 C for 10 minutes, still without a
movement for 60 minutes. It knows no mat, no presence and no faults: a reading is a reading, a
minute without one keeps the last value, and a sensor that sees nothing is stillness.
"""

from collections import defaultdict
from collections.abc import Iterable
from statistics import median

from legwatch.events import Window
from legwatch_lab.score.alert import AlertSpan, Transcript

COLD_C, COLD_MIN = 28.0, 10
STILL_MIN = 60
MINUTE_MS = 60_000


def simple(windows: Iterable[Window], end_ms: int) -> Transcript:
    """Return what it says of a night, minute by minute until `end_ms`; every alert is a sound."""
    legs: dict[int, list[float]] = defaultdict(list)
    moved: set[int] = set()
    minutes = [end_ms // MINUTE_MS]
    for window in windows:
        minute = window.from_ms // MINUTE_MS
        minutes.append(minute)
        if window.leg_c is not None:
            legs[minute].append(window.leg_c)
        if window.moves:
            moved.add(minute)
    first, last = min(minutes), max(minutes)
    cold = _Held("cold", COLD_MIN)
    still = _Held("still", STILL_MIN)
    leg_c: float | None = None
    for minute in range(first, last):
        at_ms = (minute + 1) * MINUTE_MS
        if minute in legs:
            leg_c = median(legs[minute])
        low = leg_c is not None and leg_c < COLD_C
        cold.take(at_ms, f"The reading by the legs is {leg_c} C.", holds=low)
        still.take(at_ms, f"No movement for {STILL_MIN} min.", holds=minute not in moved)
    alerts = tuple(sorted(cold.alerts + still.alerts, key=lambda alert: alert.at_ms))
    return Transcript(alerts, tuple(alert.at_ms for alert in alerts))


class _Held:
    """A condition that must hold for some minutes in a row before it is said."""

    def __init__(self, kind: str, hold_min: int) -> None:
        self._kind, self._hold_min = kind, hold_min
        self._minutes = 0
        self.alerts: list[AlertSpan] = []

    def take(self, at_ms: int, text: str, *, holds: bool) -> None:
        """Take the minute that ended at `at_ms`."""
        if not holds:
            if self._minutes >= self._hold_min:
                self.alerts[-1] = self.alerts[-1]._replace(end_ms=at_ms)
            self._minutes = 0
            return
        self._minutes += 1
        if self._minutes == self._hold_min:
            self.alerts.append(AlertSpan(self._kind, at_ms, "warning", "limit", text, at_ms))
