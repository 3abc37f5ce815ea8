"""When the agents are told what is stored: at once, but not many of them again and again.

An agent only needs the newest number, to let go of what it holds. While the queue of many beds is
emptied, a message for each commit and bed would take longer than the commits. A press is told at
once.
"""

from collections import OrderedDict
from typing import NamedTuple

from legwatch_runtime.clock import Instant
from legwatch_server.publish.port import Confirmation

FEW = 20  # so many in a turn are told at once
REST_S = 1.0  # of a boot that was told something, when there are more
MOST_A_S = 1200  # of all: each of 10,000 beds has a window every ten seconds
MOST_AT_ONCE = 100  # so that a commit with alerts in it does not wait for long

_Key = tuple[str, str]  # bed and boot


class _Told(NamedTuple):
    at: Instant
    presses: tuple[str, ...] | None


class Confirmations:
    """What is to be told, the longest waiting first; the newest of a boot replaces the others."""

    def __init__(self, now: Instant) -> None:
        self._waiting: OrderedDict[_Key, Confirmation] = OrderedDict()
        self._told: OrderedDict[_Key, _Told] = OrderedDict()  # within REST_S, in order
        self._held: dict[_Key, Confirmation] = {}  # of those that rest
        self._second, self._taken = now, 0

    def hear(self, confirmation: Confirmation) -> None:
        """Take in what was committed."""
        key = confirmation.bed, confirmation.stored.boot
        self._held.pop(key, None)
        self._waiting[key] = confirmation

    def due(self, now: Instant) -> list[Confirmation]:
        """Return what is to be told now."""
        self._wake(now)
        if now.since(self._second) >= 1.0:
            self._second, self._taken = now, 0
        few, found = len(self._waiting) <= FEW, list[Confirmation]()
        most = min(MOST_AT_ONCE, MOST_A_S - self._taken)
        while self._waiting and len(found) < most:
            key, confirmation = self._waiting.popitem(last=False)
            told, presses = self._told.get(key), confirmation.stored.presses
            if told is not None and told.presses == presses and not few:
                self._held[key] = confirmation
                continue
            found.append(confirmation)
            self._told.pop(key, None)
            self._told[key] = _Told(now, presses)
        self._taken += len(found)
        return found

    def waits(self) -> bool:
        """Return True if something is still to be told."""
        return bool(self._waiting or self._held)

    def _wake(self, now: Instant) -> None:
        """Let those wait again that have rested."""
        while self._told:
            key, told = next(iter(self._told.items()))
            if now.since(told.at) < REST_S:
                return
            del self._told[key]
            held = self._held.pop(key, None)
            if held is not None:
                self._waiting[key] = held
