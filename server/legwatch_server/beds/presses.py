"""Presses of the bedside buttons: each counts once, and is confirmed however often it comes."""

from legwatch.contract.action import BEDSIDE, OF_BUTTON, Answered, as_event
from legwatch.events import ClockTrust
from legwatch.lived import Pressed
from legwatch_server.beds import lived
from legwatch_server.beds.decisions import Decisions
from legwatch_server.beds.recordings import Recordings
from legwatch_server.beds.registry import BedRecord
from legwatch_server.inbox import PressArrived
from legwatch_server.ingest.timestamps import pressed_ms
from legwatch_server.store.port import WriterStore

UNSYNCED = ClockTrust.UNSYNCED.value


class Presses:
    """The presses of one batch; only the writer thread uses it."""

    def __init__(self, store: WriterStore, decisions: Decisions, recordings: Recordings) -> None:
        self._store, self._decisions, self._recordings = store, decisions, recordings
        self.begin()

    def begin(self) -> None:
        """Start a new batch."""
        self.confirmed: dict[tuple[str, str], None] = {}  # bed and press, in the order they came

    def confirm(self, name: str, ident: str) -> None:
        """Let the bed's agent delete a press."""
        self.confirmed[name, ident] = None

    def is_first(self, bed: BedRecord, ident: str) -> bool:
        """Return False for a duplicate, of which the first has counted; confirm it, too."""
        repeated = (bed.name, ident) in self.confirmed
        self.confirm(bed.name, ident)
        return not (repeated or self._store.pressed(bed.id, ident))

    def take(self, arrived: PressArrived) -> None:
        """Answer an alert by a press, or only note the press."""
        name, press, message = arrived
        bed = self._decisions.bed(name)
        if not self.is_first(bed, press.id):
            return
        if bed.played:
            # An older press counts for the current minute: the timeline must not leap back.
            self._recordings.leap(bed, max(press.at_ms, bed.state.at_ms), message.arrived_ms)
        ahead_ms = bed.ahead_ms or 0
        at_ms = pressed_ms(press, message.arrived_ms, played=bed.played, ahead_ms=ahead_ms)
        own_ms = press.at_ms if press.clock != UNSYNCED else at_ms  # never in 1970
        self._decisions.batch.presses.append(
            (bed.id, press.id, press.button, own_ms, press.kind.value if press.kind else None)
        )
        self._decisions.touch(bed)
        if press.button in OF_BUTTON:
            to = Answered(at_ms, press.kind)
            event = as_event(OF_BUTTON[press.button], press.minutes or 0, to)
            if event is not None:
                self._decisions.decide(bed, event, BEDSIDE)
                return
        lived.changed(self._decisions.batch, bed, Pressed(at_ms, press.button))
