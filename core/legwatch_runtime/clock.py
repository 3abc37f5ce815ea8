"""The machine's two clocks: UTC for stamping, monotonic for waiting; and whether UTC is right."""

import time
from pathlib import Path
from typing import Protocol

SYNCED_MARK = Path("/run/systemd/timesync/synchronized")
EARLIEST_MS = 1_735_689_600_000  # 2025-01-01: a Pi without a battery clock wakes up before


def utc_ms() -> int:
    """Return the time of this machine, UTC milliseconds."""
    return time.time_ns() // 1_000_000


class Clock(Protocol):
    """What the agent asks of time."""

    def utc_ms(self) -> int:
        """Return UTC in milliseconds."""

    def mono_ms(self) -> int:
        """Return a clock that never jumps, in milliseconds."""

    def synced(self) -> bool:
        """Say whether UTC was set by a time server."""


class SystemClock:
    """The machine's clocks. `trusted`: UTC is right without systemd's mark, e.g. with chrony."""

    def __init__(self, *, trusted: bool = False) -> None:
        self._trusted = trusted

    def utc_ms(self) -> int:
        """Return UTC in milliseconds."""
        return utc_ms()

    def mono_ms(self) -> int:
        """Return a clock that never jumps, in milliseconds."""
        return time.monotonic_ns() // 1_000_000

    def synced(self) -> bool:
        """Say whether UTC was set by a time server since the start of the machine."""
        if self.utc_ms() < EARLIEST_MS:
            return False
        return self._trusted or SYNCED_MARK.exists()
