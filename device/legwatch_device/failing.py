"""How many readings of a sensor failed in the last hour, and why; told when it has changed enough.

A sensor whose readings fail more and more is about to give out, or its cable is loose. Each telling
is a message that the server stores, and it may have thousands of beds: so small changes wait.
"""

import threading
from collections import Counter, deque

from legwatch.contract.failing import LEAST_SHARE, MOST_WHY, Failing
from legwatch_runtime.clock import Clock

MINUTES = 60
AGAIN_S = 600.0  # between two tellings
CHANGE = 2.0  # so many times as much, or as little, is a change


class Tally:
    """The readings of one sensor; several threads use it."""

    def __init__(self, place: str, clock: Clock) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._minutes: deque[tuple[int, Counter[str]]] = deque(maxlen=MINUTES)
        self._reopened = 0
        self._told, self._told_at = Failing(place), clock.instant()

    def add(self, fault: str) -> None:
        """Count a reading; empty: it is good."""
        minute = self._minute()
        with self._lock:
            if not self._minutes or self._minutes[-1][0] != minute:
                self._minutes.append((minute, Counter()))
            self._minutes[-1][1][fault] += 1

    def hung(self, fault: str) -> None:
        """Count a reading that never came back, and that the sensor is opened anew."""
        self.add(fault)
        with self._lock:
            self._reopened += 1

    def told(self) -> Failing | None:
        """Return what is to be told now, mostly what was told before; None: hardly any fails."""
        now, found = self._clock.instant(), self._found()
        if now.since(self._told_at) >= AGAIN_S and _has_changed(self._told, found):
            self._told, self._told_at = found, now
        told = self._told
        return told if told.share >= LEAST_SHARE or told.reopened else None

    def _found(self) -> Failing:
        since, counts = self._minute() - MINUTES, Counter[str]()
        with self._lock:
            for minute, some in self._minutes:
                if minute > since:
                    counts.update(some)
        readings, _good = counts.total(), counts.pop("", 0)
        why = tuple(counts.most_common(MOST_WHY))
        return self._told._replace(readings=readings, why=why, reopened=self._reopened)

    def _minute(self) -> int:
        return self._clock.mono_ms() // 60_000


def _has_changed(told: Failing, found: Failing) -> bool:
    before, after = (max(one.share, LEAST_SHARE / CHANGE) for one in (told, found))
    if found.reopened != told.reopened or not before / CHANGE < after < before * CHANGE:
        return True
    fails = max(told.share, found.share) >= LEAST_SHARE
    return fails and (found.main != told.main or found.readings >= CHANGE * told.readings)
