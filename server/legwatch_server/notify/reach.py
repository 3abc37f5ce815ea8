"""Can anybody be reached? Which ways to people have failed, and since when."""

import threading
from collections.abc import Callable, Iterable, Mapping

from legwatch.oncall.people import Person
from legwatch_runtime.clock import Instant, instant

LOST_S = 180.0  # a service that stumbles is back by then
LOG_ONLY = "console"  # writes to the log: it reaches people only if nothing else is set up
Way = tuple[str, str]  # person, channel


class Reach:
    """The channels' threads tell what became of each push; a way is good until one has failed."""

    def __init__(self, now: Callable[[], Instant] = instant) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._ways: frozenset[Way] = frozenset()
        self._failing: dict[Way, Instant] = {}

    def use(self, people: Mapping[str, Person]) -> None:
        """Know these people and their channels from now on."""
        every = {(name, channel) for name, p in people.items() for channel in p.channels}
        ways = frozenset(way for way in every if way[1] != LOG_ONLY) or frozenset(every)
        with self._lock:
            self._ways = ways
            self._failing = {way: at for way, at in self._failing.items() if way in ways}

    def note(self, person: str, channel: str, *, sent: bool) -> None:
        """Note that a push has left, or has failed."""
        way = person, channel
        with self._lock:
            if sent:
                self._failing.pop(way, None)
            elif way in self._ways:
                self._failing.setdefault(way, self._now())

    def lost_s(self) -> float:
        """Return for how long no way to anybody has worked; 0 while one may work."""
        with self._lock:
            if not self._ways or self._ways - self._failing.keys():
                return 0.0
            return self._now().since(max(self._failing.values()))

    def is_lost(self) -> bool:
        """Return True if nobody can be reached, and that is no passing fault."""
        return self.lost_s() >= LOST_S

    def concerns(self) -> Iterable[str]:
        """Return what /health says."""
        if self.is_lost():
            minutes = self.lost_s() // 60
            return [f"no push has reached anybody for {minutes:.0f} min: `legwatch duty`"]
        return []
