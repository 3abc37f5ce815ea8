"""Can anybody be reached? Which ways to people have failed, and since when."""

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from legwatch.oncall.people import Person
from legwatch.text.span import span
from legwatch_runtime.clock import Instant, instant
from legwatch_server.settings import LOG_ONLY

LOST_S = 300.0  # a service that stumbles is back by then
LATE_S = 120.0  # how much later than planned a retry may end
Way = tuple[str, str]  # person, channel


class _Failure(NamedTuple):
    since: Instant
    until: Instant | None  # if no other try has failed by then, nobody knows; None: for good


class Reach:
    """The channels' threads tell what became of each push; a way is good until one has failed."""

    def __init__(self, now: Callable[[], Instant] = instant) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._ways: frozenset[Way] = frozenset()
        self._failing: dict[Way, _Failure] = {}
        self._working: set[Way] = set()  # their last push has left

    def use(self, people: Mapping[str, Person]) -> None:
        """Know these people and their channels from now on."""
        every = {(name, channel) for name, p in people.items() for channel in p.channels}
        ways = frozenset(way for way in every if way[1] != LOG_ONLY) or frozenset(every)
        with self._lock:
            self._ways = ways
            self._failing = {way: f for way, f in self._failing.items() if way in ways}
            self._working &= ways

    def note(self, person: str, channel: str, *, sent: bool, again_s: float | None = None) -> None:
        """Note that a push has left, or has failed.

        `again_s`: when it is tried again. If it is not, because it was withdrawn, the failure says
        nothing any more. None: it is given up, and the failure holds until a push has left.
        """
        way = person, channel
        with self._lock:
            if way not in self._ways:
                return
            if sent:
                self._failing.pop(way, None)
                self._working.add(way)
                return
            self._working.discard(way)
            now, was = self._now(), self._failing.get(way)
            since = was.since if was is not None and _holds(was, now) else now
            until = None if again_s is None else now.after(again_s + LATE_S)
            self._failing[way] = _Failure(since, until)

    def lost_s(self) -> float:
        """Return for how long no way to anybody has worked; 0 while one may work."""
        with self._lock:
            now = self._now()
            failing = {way: f for way, f in self._failing.items() if _holds(f, now)}
            if not self._ways or self._ways - failing.keys():
                return 0.0
            return now.since(max(failure.since for failure in failing.values()))

    def is_lost(self) -> bool:
        """Return True if nobody can be reached, and that is no passing fault."""
        return self.lost_s() >= LOST_S

    def works(self) -> bool:
        """Return True if a push has left to somebody, and none has failed on that way since."""
        with self._lock:
            return bool(self._working)

    def concerns(self) -> Iterable[str]:
        """Return what /health says."""
        if self.is_lost():
            lasted = span(self.lost_s() / 60)
            return [f"no push has reached anybody for {lasted}: `legwatch duty`"]
        return []


def _holds(failure: _Failure, now: Instant) -> bool:
    return failure.until is None or now < failure.until
