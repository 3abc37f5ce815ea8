"""What bedsides have told by themselves while the server was silent: each step counts once.

It is recorded, people hear of a sound, and what the button has answered counts for the server's own
alert.
"""

from collections.abc import Sequence
from dataclasses import replace

from legwatch import engine
from legwatch.alerting.notice import SuppressedBy, report
from legwatch.alerting.told_here import heard_warning, with_step
from legwatch.conditions.verdict import Reason
from legwatch.contract.told_at_bed import AtBed
from legwatch.lived import Sounded
from legwatch_server.beds.decisions import Decisions
from legwatch_server.beds.presses import Presses
from legwatch_server.beds.registry import BedRecord
from legwatch_server.inbox import ToldArrived, Work
from legwatch_server.ingest.timestamps import pressed_ms
from legwatch_server.rest import WATCHED
from legwatch_server.store.port import WriterStore

_REASONS = {
    AtBed.LAMP: Reason.LIT_AT_BED,
    AtBed.BUZZER: Reason.HEARD_AT_BED,
    AtBed.ANSWERED: Reason.ANSWERED_AT_BED,
    AtBed.OVER: Reason.OVER_AT_BED,
}


class Helped:
    """The steps of one batch; only the writer thread uses it."""

    def __init__(self, store: WriterStore, decisions: Decisions, presses: Presses) -> None:
        self._store, self._decisions, self._presses = store, decisions, presses

    def begin(self, coming: Sequence[Work]) -> None:
        """Look ahead: a window before such a message in the queue may tell the same alert."""
        for work in coming:
            if type(work) is ToldArrived and (bed := self._decisions.beds.get(work.bed)):
                before = self._decisions.coming.get(bed.name, bed.bedside.told)
                told = with_step(before, work.told, _at_ms(bed, work))
                self._decisions.coming[bed.name] = told

    def take(self, arrived: ToldArrived) -> None:
        """Store one step, and confirm it as a press is confirmed."""
        name, told, _ = arrived
        bed = self._decisions.bed(name)
        if not self._presses.is_first(bed, told.id):
            return
        at_ms = _at_ms(bed, arrived)
        row = (bed.id, told.id, told.what.value, told.at_ms, told.kind.value)
        self._decisions.batch.presses.append(row)
        self._decisions.touch(bed)
        if bed.rest is not WATCHED:
            return
        bed.bedside = bed.bedside._replace(told=with_step(bed.bedside.told, told, at_ms))
        said = replace(
            report(_REASONS[told.what], at_ms, ()),
            kind=told.kind,
            # No alert of the engine begins between two minutes, so this is an episode of its own.
            episode_ms=told.episode_ms + 1,
            suppressed_by=None if told.what is AtBed.BUZZER else SuppressedBy.LOG_ONLY,
        )
        self._decisions.tell(bed, said)
        if told.what is AtBed.ANSWERED:
            self._decisions.answer_at_bed(bed, told.kind, at_ms)
        heard_ms = heard_warning(bed.bedside.told, told)
        if told.what is AtBed.OVER and heard_ms and bed.state.minute_end_ms:
            # Before it is over, the same alert may be found and counted here.
            state = engine.sounded(bed.state, heard_ms, bed.rules)
            self._decisions.change(bed, state, Sounded(heard_ms))


def _at_ms(bed: BedRecord, arrived: ToldArrived) -> int:
    """Return when it was told, by the server's time."""
    at_ms, ahead_ms = arrived.message.arrived_ms, bed.ahead_ms or 0
    return pressed_ms(arrived.told, at_ms, played=bed.played, ahead_ms=ahead_ms)
