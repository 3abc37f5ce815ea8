"""The simple automation to compare the rules with: two limits and nothing else.

Somebody could set it up in an evening: cold below 28 C for 10 minutes, still after 60 minutes
without a movement. It uses no mat and detects no faults. It trusts every reading, keeps the last
value in a minute without a reading, and takes a blind movement sensor for stillness.
"""

from collections import defaultdict
from collections.abc import Iterable

from legwatch.events import Window
from legwatch.middle import median
from legwatch_lab.score.alert import AlertSpan, Transcript

COLD_C, COLD_MIN = 28.0, 10
STILL_MIN = 60
MINUTE_MS = 60_000


def simple(windows: Iterable[Window], end_ms: int) -> Transcript:
    """Return the alerts of a night, minute by minute until `end_ms`; each makes a sound."""
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
    """An alert that fires once its condition has held for some minutes in a row."""

    def __init__(self, kind: str, hold_min: int) -> None:
        self._kind, self._hold_min = kind, hold_min
        self._minutes = 0
        self.alerts: list[AlertSpan] = []

    def take(self, at_ms: int, text: str, *, holds: bool) -> None:
        """Take the minute that ends at `at_ms`."""
        if not holds:
            if self._minutes >= self._hold_min:
                self.alerts[-1] = self.alerts[-1]._replace(end_ms=at_ms)
            self._minutes = 0
            return
        self._minutes += 1
        if self._minutes == self._hold_min:
            self.alerts.append(
                AlertSpan(
                    kind=self._kind,
                    at_ms=at_ms,
                    severity="warning",
                    reason="limit",
                    text=text,
                    sound_ms=at_ms,
                )
            )
