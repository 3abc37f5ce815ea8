"""Drops what comes with QoS 0 in a flood, before it is decoded.

No agent of ours sends windows with QoS 0, and the broker holds none of them back: without a limit
a stranger's flood would delay the windows of every bed, for all come on one connection.
"""

from collections import Counter
from collections.abc import Callable

from legwatch_runtime.clock import Instant, instant

MOST_A_SECOND = 100  # of a topic
MOST_OF_ALL = 1000
DROPPED = f"more than {MOST_A_SECOND} a second with QoS 0 are not read"


class UnsureLimit:
    """Used by the thread of the connection; `dropped` gets the topic of each dropped message."""

    def __init__(
        self, dropped: Callable[[str], None], now: Callable[[], Instant] = instant
    ) -> None:
        self._dropped, self._now = dropped, now
        self._second = now()
        self._taken: Counter[str] = Counter()
        self._all = 0

    def take(self, topic: str) -> bool:
        """Return True if a message of QoS 0 is to be read."""
        if self._now().since(self._second) >= 1:
            self._second, self._all = self._now(), 0
            self._taken.clear()
        if self._all >= MOST_OF_ALL or self._taken[topic] >= MOST_A_SECOND:
            self._dropped(topic)
            return False
        self._taken[topic] += 1
        self._all += 1
        return True
