"""One sensor behind a broker: what was said of it since the last look, and whether it is there.

The connection's thread calls `hear`, which decodes and puts into a queue. The thread that reads the
sensor owns all else.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from legwatch_device.drivers.mqtt import payload
from legwatch_device.drivers.mqtt.broker import Broker
from legwatch_device.drivers.mqtt.link import NO_BROKER, Down, Event, Hear, Message, Up, listen
from legwatch_device.drivers.mqtt.payload import ABSENT, Unreadable
from legwatch_runtime.clock import Instant, instant, utc_ms

FIRST_ANSWER_S = 5.0  # the start waits so long for the broker
MOST_KEPT = 2000  # of a flood, the newest count
# A message that was measured earlier says nothing of now: twice the longest step between two
# readings of the agent, and a bit for a clock that differs.
FRESH_S, AHEAD_S = 120.0, 60.0
UNAVAILABLE = "unavailable"  # fault: who publishes says that the sensor is away

Listen = Callable[[Broker, tuple[str, ...], Hear], None]


@dataclass(frozen=True, slots=True)
class Said:
    """What one message says of the sensor; None: nothing. `fault`: why it cannot be read.

    `old`: it was said at another time than now, or nobody knows when.
    """

    at: Instant
    value: float | bool | None = None
    humidity_pct: float | None = None
    fault: str = ""
    old: bool = False


@dataclass(frozen=True, slots=True)
class Begun:
    """The subscription has begun: what was said before says nothing of what is said now."""

    at: Instant


@dataclass(frozen=True, slots=True)
class Gone:
    """The broker or the sensor is away: what was said holds no more."""

    fault: str


@dataclass(frozen=True, slots=True)
class Life:
    """What a topic of availability says."""

    topic: str
    alive: bool
    retained: bool
    at: Instant


News = Begun | Gone | Said
Decode = Callable[[Message, Instant], Said]


@dataclass(frozen=True, slots=True)
class Clocks:
    """The clocks of a driver; tests have their own."""

    now: Callable[[], Instant] = instant
    utc_ms: Callable[[], int] = utc_ms


class Source:
    """The messages of one sensor; `decode` reads those that are not about availability."""

    def __init__(
        self,
        broker: Broker,
        topics: tuple[str, ...],
        availability: tuple[str, ...],
        decode: Decode,
        *,
        clocks: Clocks,
        listen: Listen = listen,
    ) -> None:
        self._availability, self._decode, self._now = availability, decode, clocks.now
        self._queue: deque[News | Life] = deque(maxlen=MOST_KEPT)
        self._answered = threading.Event()
        self._down = NO_BROKER
        self._offline: set[str] = set()
        self._sign_at = self._now()
        every = dict.fromkeys((*topics, *availability))
        listen(broker, tuple(every), self.hear)
        self._answered.wait(FIRST_ANSWER_S)

    def hear(self, event: Event) -> None:
        """Decode what has come, and put it away."""
        match event:
            case Message() if event.topic in self._availability:
                alive = payload.alive(event.payload)
                if alive is not None:
                    self._queue.append(Life(event.topic, alive, event.retained, self._now()))
            case Message():
                self._queue.append(self._decode(event, self._now()))
            case Up():
                self._queue.append(Begun(self._now()))
                self._answered.set()
            case Down():
                self._queue.append(Gone(event.why))
                self._answered.set()

    def news(self) -> list[News]:
        """Return what was said since the last call, the oldest first."""
        found: list[News] = []
        while self._queue:
            said = self._take(self._queue.popleft())
            if said is not None:
                found.append(said)
        return found

    def _take(self, item: News | Life) -> News | None:
        match item:
            case Begun():
                self._down, self._sign_at = "", item.at
                self._offline.clear()  # the broker says again what it has kept of it
            case Gone():
                self._down = item.fault
            case Life():
                return self._live(item)
            case Said():
                if not item.old:
                    self._sign_at = max(self._sign_at, item.at)
                if self._down == NO_BROKER:  # in a flood, the word that it is back was dropped
                    self._down = ""
                if self._offline:  # a copy of what was said before: who is away says nothing
                    return None
        return item

    def _live(self, said: Life) -> Gone | None:
        if not said.alive:
            self._offline.add(said.topic)
            return Gone(UNAVAILABLE)
        self._offline.discard(said.topic)
        if not said.retained:
            self._sign_at = max(self._sign_at, said.at)
        return None

    def fault(self) -> str:
        """Return why nothing can be known of the sensor now; empty: it is there."""
        return self._down or (UNAVAILABLE if self._offline else "")

    def quiet_s(self) -> float:
        """Return for how long no message has shown that the sensor lives."""
        return self._now().since(self._sign_at)


def is_old(message: Message, found: object, time: str, now_ms: int) -> bool:
    """Return True if a message was measured at another time, or was kept for nobody knows how long.

    `time`: the path of the time in it, empty: it has none. Raises Unreadable.
    """
    if not time:
        return message.retained
    said = payload.at(found, time)
    if said is ABSENT:
        return True
    age_s = (now_ms - payload.utc_ms(said)) / 1000
    return not -AHEAD_S <= age_s <= FRESH_S


def unread(at: Instant, error: Unreadable, *, old: bool) -> Said:
    """Return what a message says that cannot be read."""
    return Said(at, fault=str(error), old=old)
