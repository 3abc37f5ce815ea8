"""Helpers for tests of whatever asks for the time: a clock that stands still until it is moved."""

from dataclasses import dataclass

NIGHT_MS = 1_767_394_800_000  # 2026-01-02 23:00 UTC: a winter night


@dataclass
class FakeClock:
    """A `legwatch_runtime.clock.Clock` that a test moves; its numbers may be set freely.

    Its `utc_ms` method serves where a function of the time is expected.
    """

    now_ms: int = NIGHT_MS  # UTC
    up_ms: int = 1000  # since the start of the machine, never runs back
    is_synced: bool = True

    def advance(self, ms: int) -> None:
        """Let time go by, on both clocks."""
        self.now_ms += ms
        self.up_ms += ms

    def utc_ms(self) -> int:
        """Return UTC in milliseconds."""
        return self.now_ms

    def mono_ms(self) -> int:
        """Return a clock that never jumps, in milliseconds."""
        return self.up_ms

    def synced(self) -> bool:
        """Say whether UTC was set by a time server."""
        return self.is_synced
