"""Tell the manager of this process (systemd or `legwatch up`) that it is up, and that it is well.

A process that does not say so in time hangs, and its manager starts it again.
"""

import logging
import os
import socket
from collections.abc import Callable
from contextlib import suppress

from legwatch_runtime.clock import Instant, instant
from legwatch_runtime.part import Parts

logger = logging.getLogger(__name__)

READY, WELL, STOPPING = "READY=1", "WATCHDOG=1", "STOPPING=1"
STARTS = "EXTEND_TIMEOUT_USEC=60000000"  # a start that takes long: wait for another minute


def tell(state: str) -> None:
    """Send a state to the manager; without one (no NOTIFY_SOCKET) do nothing."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    # A leading @ stands for a name that is no file.
    name = f"\0{address[1:]}" if address.startswith("@") else address
    # A manager that does not listen now must neither stop nor end this process.
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.setblocking(False)
        line.sendto(state.encode(), name)


def patience_s() -> float | None:
    """Return within which time the manager must hear that the process is well; None: never."""
    usec = os.environ.get("WATCHDOG_USEC", "")
    return int(usec) / 1_000_000 if usec.isdecimal() and int(usec) else None


class Watchdog:
    """A part that says `well` as long as it is true; the process hangs if it is not."""

    def __init__(self, parts: Parts, well: Callable[[], bool] | None = None) -> None:
        self._parts, self._well = parts, well or parts.well
        self._every_s = (patience_s() or 0.0) / 4
        self._said = False
        self._part = parts.add("watchdog", self._run)

    def start(self) -> None:
        """Start the part if a manager waits for it."""
        if self._every_s:
            self._part.start()

    def _run(self) -> None:
        while not self._parts.stopping.wait(min(10.0, self._every_s)):
            self._part.turned()
            self.look()

    def look(self) -> None:
        """Say that the process is well, if it is; log once that it is not."""
        if self._well():
            self._said = False
            tell(WELL)
        elif not self._said:
            self._said = True
            wrong = "; ".join(self._parts.wrong()) or "a part is missing"
            logger.error("%s; the process waits to be started again", wrong)


class Pulse:
    """Tells the manager from a loop that this loop turns, four times within its patience."""

    def __init__(self) -> None:
        self._every_s = (patience_s() or 0.0) / 4
        self._due: Instant = instant()

    def beat(self) -> None:
        """Say it if it is time; call this in each turn."""
        now = instant()
        if self._every_s and now >= self._due:
            self._due = now.after(self._every_s)
            tell(WELL)
