"""The machine's two clocks: UTC for timestamps, monotonic for waiting; and if UTC is right."""

import time
from pathlib import Path
from typing import Protocol

SYNCED_MARK = Path("/run/systemd/timesync/synchronized")
EARLIEST_MS = 1_735_689_600_000  # 2025-01-01: a Pi without a battery clock starts with less


def utc_ms() -> int:
    """Return the time of this machine in UTC milliseconds."""
    return time.time_ns() // 1_000_000


class Clock(Protocol):
    """The clocks that the agent uses; tests have a clock of their own."""

    def utc_ms(self) -> int:
        """Return UTC in milliseconds."""

    def mono_ms(self) -> int:
        """Return milliseconds of a clock that never jumps; its zero has no meaning."""

    def synced(self) -> bool:
        """Return True if a time server has set UTC."""


class SystemClock:
    """The machine's clocks. `trusted`: UTC is right although systemd-timesyncd is not used."""

    def __init__(self, *, trusted: bool = False) -> None:
        self._trusted = trusted

    def utc_ms(self) -> int:
        """Return UTC in milliseconds."""
        return utc_ms()

    def mono_ms(self) -> int:
        """Return milliseconds of a clock that never jumps; its zero has no meaning."""
        return time.monotonic_ns() // 1_000_000

    def synced(self) -> bool:
        """Return True if a time server has set UTC since the start of the machine."""
        if self.utc_ms() < EARLIEST_MS:
            return False
        return self._trusted or SYNCED_MARK.exists()
