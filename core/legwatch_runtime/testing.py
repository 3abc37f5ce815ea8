"""A clock for tests: it stands still until the test moves it."""

from dataclasses import dataclass

NIGHT_MS = 1_767_394_800_000  # 2026-01-02 23:00 UTC: a winter night


@dataclass
class FakeClock:
    """A `legwatch_runtime.clock.Clock` that a test moves; the test may also set its fields.

    Pass its method `utc_ms` where a function that returns the time is expected.
    """

    now_ms: int = NIGHT_MS  # UTC
    up_ms: int = 1000  # since the start of the machine; `mono_ms` returns this
    is_synced: bool = True

    def advance(self, ms: int) -> None:
        """Move both clocks forward by `ms` milliseconds."""
        self.now_ms += ms
        self.up_ms += ms

    def utc_ms(self) -> int:
        """Return UTC in milliseconds."""
        return self.now_ms

    def mono_ms(self) -> int:
        """Return milliseconds since the start of the machine."""
        return self.up_ms

    def synced(self) -> bool:
        """Return `is_synced`."""
        return self.is_synced
