"""What the owner thread remembers of every bed between batches."""

from dataclasses import dataclass, field

from legwatch.engine import BedState, start
from legwatch.limits.rules import Rules
from legwatch.state_codec import from_json
from legwatch_server.beds.recording_leaps import LeapAllowance


@dataclass(slots=True)
class SequenceTracker:
    """One start of an agent: all its windows up to `upto` are committed, and those `ahead`."""

    id: int
    boot: str
    upto: int
    ahead: set[int] = field(default_factory=set)

    def has(self, seq: int) -> bool:
        """Say whether the window is already here."""
        return seq <= self.upto or seq in self.ahead

    def add(self, seq: int) -> None:
        """Count a window as here, and close gaps."""
        if seq == self.upto + 1 and not self.ahead:
            self.upto = seq
            return
        self.ahead.add(seq)
        self.close()

    def holds_from(self, low: int) -> None:
        """Take everything below `low` as done: confirmed before, or lost and counted there."""
        if low - 1 > self.upto:
            self.upto = low - 1
            self.ahead = {seq for seq in self.ahead if seq > self.upto}
            self.close()

    def close(self) -> None:
        """Move `upto` over what is here without a gap."""
        while self.upto + 1 in self.ahead:
            self.upto += 1
            self.ahead.remove(self.upto)


@dataclass(slots=True)
class BedRecord:
    """One bed. `state` is replaced, never changed."""

    id: int
    name: str
    rules: Rules
    state: BedState = field(default_factory=start)
    seen_ms: int = 0
    played: bool = False
    boots: dict[str, SequenceTracker] = field(default_factory=dict)
    minutes: int = 0  # judged minutes at the last `state` message
    alerts: dict[str, bytes] = field(default_factory=dict)  # as last published
    due_queued: bool = False
    presses: tuple[str, ...] | None = None  # ids of the last that are committed; None: not asked
    leaps: LeapAllowance = field(default_factory=LeapAllowance)  # of a recording


def restore(bed: BedRecord, text: str | None) -> BedRecord:
    """Return the bed with its stored state; raises ValueError when that is not one."""
    if text is not None:
        bed.state = from_json(text)
    return bed
