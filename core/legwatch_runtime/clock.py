"""The one clock of every process: moments to measure time between, and the name of a moment.

Waits, deadlines and "for how long" are measured between two `Instant`s: nobody can set their clock,
and it goes on while the machine sleeps. The wall clock (`utc_ms`) only gives names to moments: it
may be set at any time, by any amount. No other file reads a clock of the machine.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

SYNCED_MARK = Path("/run/systemd/timesync/synchronized")
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
EARLIEST_MS = 1_735_689_600_000  # 2025-01-01: a Pi without a battery clock starts with less

# Only Linux has a clock that also counts the time in which the machine sleeps.
_ELAPSED = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


@dataclass(frozen=True, order=True, slots=True)
class Instant:
    """A moment of this machine. Only the time between two of them can be asked for."""

    _ns: int

    def since(self, earlier: "Instant") -> float:
        """Return the seconds from `earlier` to this moment."""
        return (self._ns - earlier._ns) / 1_000_000_000  # noqa: SLF001 - of the same type

    def after(self, seconds: float) -> "Instant":
        """Return the moment that is so many seconds later."""
        return Instant(self._ns + int(seconds * 1_000_000_000))


def instant() -> Instant:
    """Return this moment."""
    return Instant(time.clock_gettime_ns(_ELAPSED))


def awake_s() -> float:
    """Return seconds in which the machine was awake: no thread hangs while all of them sleep."""
    return time.monotonic()


def utc_ms() -> int:
    """Return the time of this machine's wall clock in UTC milliseconds."""
    return time.time_ns() // 1_000_000


def mono_ms() -> int:
    """Return milliseconds since the start of the machine, its sleep included."""
    return time.clock_gettime_ns(_ELAPSED) // 1_000_000


def machine_boot() -> str:
    """Return an id of the machine's present run, from start to shutdown; empty: not known."""
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def awaits_time() -> bool:
    """Return True if systemd-timesyncd is used, and has not set the clock since the start."""
    return SYNCED_MARK.parent.exists() and not SYNCED_MARK.exists()


class Clock(Protocol):
    """What a process asks of its machine; tests have a clock of their own."""

    def utc_ms(self) -> int:
        """Return the time of the wall clock in UTC milliseconds: a name, never a duration."""

    def instant(self) -> Instant:
        """Return this moment."""

    def mono_ms(self) -> int:
        """Return this moment as a number for a message or a file; its zero has no meaning."""

    def synced(self) -> bool:
        """Return True if a time server has set UTC."""


class SystemClock:
    """The machine's clocks. `trusted`: UTC is right although systemd-timesyncd is not used."""

    def __init__(self, *, trusted: bool = False) -> None:
        self._trusted = trusted

    def utc_ms(self) -> int:
        """Return the time of the wall clock in UTC milliseconds."""
        return utc_ms()

    def instant(self) -> Instant:
        """Return this moment."""
        return instant()

    def mono_ms(self) -> int:
        """Return milliseconds since the start of the machine, its sleep included."""
        return mono_ms()

    def synced(self) -> bool:
        """Return True if a time server has set UTC since the start of the machine."""
        if self.utc_ms() < EARLIEST_MS:
            return False
        return self._trusted or SYNCED_MARK.exists()
