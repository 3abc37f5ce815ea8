"""A clock for tests: it stands still until the test moves it."""

from dataclasses import dataclass

from legwatch_runtime.clock import Instant

NIGHT_MS = 1_767_394_800_000  # 2026-01-02 23:00 UTC: a winter night


@dataclass
class FakeClock:
    """A `legwatch_runtime.clock.Clock` that a test moves; the test may also set its fields.

    Pass its methods `utc_ms` and `instant` where a function that returns them is expected.
    """

    now_ms: int = NIGHT_MS  # UTC
    up_ms: int = 1000  # since the start of the machine; `mono_ms` returns this
    is_synced: bool = True
    boot: str = "fake"  # the machine's present run

    def advance(self, ms: int) -> None:
        """Let time go by: both clocks go forward by `ms` milliseconds."""
        self.now_ms += ms
        self.up_ms += ms

    def step(self, ms: int) -> None:
        """Set the wall clock forward by `ms`, back if negative; no time goes by."""
        self.now_ms += ms

    def sleep_machine(self, ms: int) -> None:
        """Let the machine sleep: time goes by, and no process runs meanwhile."""
        self.advance(ms)

    def utc_ms(self) -> int:
        """Return the wall clock's UTC in milliseconds."""
        return self.now_ms

    def instant(self) -> Instant:
        """Return this moment."""
        return Instant(self.up_ms * 1_000_000)

    def mono_ms(self) -> int:
        """Return milliseconds since the start of the machine."""
        return self.up_ms

    def synced(self) -> bool:
        """Return `is_synced`."""
        return self.is_synced
