"""A device that is read in a thread of its own, and that two tables of a bed may share.

A strip or a radar tells both movement and presence. It is opened once and read by one thread,
whichever table comes first: two threads that ask one converter would get each other's answers.
"""

import threading
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from legwatch_runtime.part import Parts


class Device(Protocol):
    """What is read again and again."""

    def turn(self) -> float:
        """Read once, and keep what it raises; return the seconds until the next time."""


D = TypeVar("D", bound=Device)
_lock = threading.Lock()
_opening: dict[str, threading.Lock] = {}  # one that hangs in its opening keeps no other
_opened: dict[str, tuple[Any, Parts]] = {}


def shared(name: str, begin: Callable[[], D]) -> D:
    """Return the device `name`; the first who asks opens it by `begin`, and starts its thread.

    Raises what `begin` raises; then the next one tries again.
    """
    with _lock:
        alone = _opening.setdefault(name, threading.Lock())
    with alone:
        if name not in _opened:
            device = begin()
            _opened[name] = device, _started(name, device)
        found: D = _opened[name][0]
        return found


def _started(name: str, device: Device) -> Parts:
    parts = Parts()

    def run() -> None:
        while not parts.stopping.wait(device.turn()):
            pass

    # A device that hangs is told as the fault of its sensor; it must not end the agent.
    parts.add(name, run, within_s=float("inf")).start()
    return parts


def end_all() -> None:
    """Let all threads end, and forget the devices; for tests, which have a bed each."""
    for _, parts in _opened.values():
        parts.stopping.set()
    _opened.clear()
