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
_opening = threading.Lock()
_opened: dict[str, tuple[Any, Parts]] = {}


def shared(name: str, begin: Callable[[], D]) -> D:
    """Return the device `name`; the first who asks opens it by `begin`, and starts its thread.

    Raises what `begin` raises; then the next one tries again.
    """
    with _opening:
        if name not in _opened:
            device, parts = begin(), Parts()

            def run() -> None:
                while not parts.stopping.wait(device.turn()):
                    pass

            # A device that hangs is told as the fault of its sensor; it must not end the agent.
            parts.add(name, run, within_s=float("inf")).start()
            _opened[name] = device, parts
        found: D = _opened[name][0]
        return found


def end_all() -> None:
    """Let all threads end, and forget the devices; for tests, which have a bed each."""
    with _opening:
        for _, parts in _opened.values():
            parts.stopping.set()
        _opened.clear()
