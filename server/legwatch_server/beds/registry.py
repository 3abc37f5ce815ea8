"""The writer thread's memory of every bed between batches."""

from dataclasses import dataclass, field

from legwatch.engine import BedState, start
from legwatch.limits.rules import Rules
from legwatch.state_codec import from_json
from legwatch_server.beds.bedside import Bedside
from legwatch_server.beds.recording_leaps import LeapAllowance
from legwatch_server.publish.port import BedUpdate


@dataclass(slots=True)
class SequenceTracker:
    """The windows received from one boot of an agent: all up to `upto`, and those in `ahead`."""

    id: int
    boot: str
    upto: int
    ahead: set[int] = field(default_factory=set)

    def has(self, seq: int) -> bool:
        """Return True if the window was received before."""
        return seq <= self.upto or seq in self.ahead

    def add(self, seq: int) -> None:
        """Count a window as received, and move `upto` if a gap closes."""
        if seq == self.upto + 1 and not self.ahead:
            self.upto = seq
            return
        self.ahead.add(seq)
        self.close()

    def holds_from(self, low: int) -> None:
        """Expect no window below `low`: the agent holds none (confirmed, or lost and counted)."""
        if low - 1 > self.upto:
            self.upto = low - 1
            self.ahead = {seq for seq in self.ahead if seq > self.upto}
            self.close()

    def close(self) -> None:
        """Move `upto` to the last window before the next gap."""
        while self.upto + 1 in self.ahead:
            self.upto += 1
            self.ahead.remove(self.upto)


@dataclass(slots=True)
class BedRecord:
    """One bed. Replace `state`, never change it in place: `undo` needs the old state."""

    id: int
    name: str
    rules: Rules
    state: BedState = field(default_factory=start)
    seen_ms: int = 0
    played: bool = False
    boots: dict[str, SequenceTracker] = field(default_factory=dict)
    due_queued: bool = False
    presses: tuple[str, ...] | None = None  # ids of the last committed; None: not read yet
    leaps: LeapAllowance = field(default_factory=LeapAllowance)  # for recordings
    bedside: Bedside = field(default_factory=Bedside)

    def update(self) -> BedUpdate:
        """Return what others may know of the bed now."""
        return BedUpdate(self.name, self.state, self.rules)


def restore(bed: BedRecord, text: str | None) -> BedRecord:
    """Load the stored state into the bed; raises ValueError if `text` is no valid state."""
    if text is not None:
        bed.state = from_json(text)
    return bed
