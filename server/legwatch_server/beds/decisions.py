"""The decisions of one batch: which beds it touches, and what the engine and others say of them.

Whatever changes a bed touches it before, so that `undo` can give it back as it was.
"""

from collections.abc import Callable, Sequence

from legwatch import engine
from legwatch.alerting import told_here
from legwatch.alerting.notice import Notice, TransitionKind
from legwatch.alerting.told_here import ToldHere
from legwatch.bedside import Bedside, UnreadWindows
from legwatch.contract.action import BEDSIDE
from legwatch.engine import BedState
from legwatch.errors import WireError
from legwatch.events import Ack, AlertKind, Away, Event, Window
from legwatch.lived import Entry
from legwatch.rivals import Rivals
from legwatch.text.message import of_no_broker, text
from legwatch_server.beds import lived
from legwatch_server.beds.bed_rules import BedRules
from legwatch_server.beds.counters import Counters
from legwatch_server.beds.excuses import Excuses
from legwatch_server.beds.noted import Noted
from legwatch_server.beds.recording_leaps import LeapAllowance
from legwatch_server.beds.registry import BedRecord
from legwatch_server.notify import holding, sign_over
from legwatch_server.rest import WATCHED, Rest
from legwatch_server.store.batch import Batch, NewNotice
from legwatch_server.store.port import WriterStore

MOST_BEDS = 2000  # a stranger at a broker without rights can invent any number of them

# What a batch may change of a bed, but for its `boots`.
_Before = tuple[
    BedState, int, bool, LeapAllowance, Bedside, UnreadWindows, Rivals, Rest, Noted, bool
]


class Undeclared(WireError):  # noqa: N818 - it says what is wrong with the message
    """A message that is taken as soon as the settings declare it."""


class Decisions:
    """All beds, and those that the batch in progress touches; only the writer thread uses it."""

    def __init__(
        self,
        store: WriterStore,
        beds: dict[str, BedRecord],
        rules: BedRules,
        excuses: Excuses,
        counters: Counters,
    ) -> None:
        self.beds, self._rules = beds, rules
        self._excuses, self.counters = excuses, counters
        self._next_bed, self._lost = store.next_bed_id(), _lost(store)
        self.no_broker: Callable[[], bool] = lambda: False  # the server has had none for long

    def begin(self, batch: Batch) -> None:
        """Start a new batch, and remember what `undo` needs."""
        self.batch = batch
        self.touched: dict[str, BedRecord] = {}
        self.judged: set[str] = set()  # beds that the engine has judged without an error
        self.swept: set[str] = set()  # beds to store, whatever is new of them
        self._fired: list[tuple[BedRecord, AlertKind, int]] = []  # at beds that tell by themselves
        # What bedsides have told by themselves, with what comes later in this batch.
        self.coming: dict[str, tuple[ToldHere, ...]] = {}
        self._before: dict[str, _Before] = {}

    def undo(self) -> None:
        """Give all beds back as they were at the start of the batch, and forget the new ones."""
        for name, before in self._before.items():
            bed = self.beds[name]
            (
                bed.state, bed.seen_ms, bed.played, bed.leaps, bed.bedside, bed.unread, bed.rivals,
                bed.rest, bed.noted, bed.goes_on,
            ) = before  # fmt: skip
        for ident, name in self.batch.beds:
            del self.beds[name]
            self._next_bed = min(self._next_bed, ident)

    def touch(self, bed: BedRecord) -> None:
        """Remember a bed as it is before the batch changes it."""
        if bed.name not in self.touched:
            self.touched[bed.name] = bed
            self._before[bed.name] = (
                bed.state, bed.seen_ms, bed.played, bed.leaps, bed.bedside, bed.unread, bed.rivals,
                bed.rest, bed.noted, bed.goes_on,
            )  # fmt: skip

    def sweep(self, bed: BedRecord) -> None:
        """Touch a bed, and store it with this batch, whatever is new of it."""
        self.touch(bed)
        self.swept.add(bed.name)

    def bed(self, name: str, *, declared: bool = False) -> BedRecord:
        """Return a bed, which may be new; raises Undeclared if no more beds may come."""
        bed = self.beds.get(name)
        if bed is None:
            if len(self.beds) >= MOST_BEDS and not (declared or self._rules.plays(name)):
                raise Undeclared(
                    f"a new bed: there are {len(self.beds)} already, and no more come by"
                    " themselves: declare it in the settings"
                )
            state = engine.start(trial_over=self._lost)
            bed = BedRecord(self._next_bed, name, self._rules.of(name), state)
            bed.rest, bed.presses = self._rules.rests.get(name, Rest.WATCHED), ()
            self._next_bed += 1
            self.batch.beds.append((bed.id, name))
            self.beds[name] = bed
        return bed

    def decide(self, bed: BedRecord, event: Event, who: str | None = None) -> Sequence[NewNotice]:
        """Pass an event to the engine, but of a bed at rest; return the notices that follow."""
        if bed.rest is not WATCHED:
            return ()
        first = len(self.batch.notices)
        away_ms = max(self._excuses.all_ms, self._excuses.beds.get(bed.name, 0))
        waited = bed.state.at_ms < away_ms and not (bed.played or isinstance(event, Away))
        if waited and bed.state.minute_end_ms:  # else its time has not begun
            self._pass_away(bed, event, away_ms)
        state, notices = engine.advance(bed.state, event, bed.rules)
        self.judged.add(bed.name)
        self.touch(bed)
        lived.decided(self.batch, bed, event, state, who, told=bool(notices))
        if state.bed.alerts is not bed.state.bed.alerts:
            self.batch.holdings += holding.found(bed.id, bed.state, state, bed.rules)
        self.end_sign(bed, state)
        bed.state = state
        for notice in notices:
            self.note(bed, notice, who)
            if notice.transition is TransitionKind.FIRED and bed.bedside.told:
                self._fired.append((bed, AlertKind(notice.kind), notice.at_ms))
        return self.batch.notices[first:] if notices else ()

    def answer_what_fired(self) -> None:
        """Let answers at the bed count for what has fired; call it behind what it has fired by.

        A night is replayed in the order in which its windows and answers were noted.
        """
        if self._fired:
            fired, self._fired = self._fired, []
            for bed, kind, at_ms in fired:
                self.answer_at_bed(bed, kind, at_ms)

    def answer_at_bed(self, bed: BedRecord, kind: AlertKind, at_ms: int) -> None:
        """Let an answer at the bed, to its own alert, count for the alert that stands here."""
        alert = bed.state.bed.alerts.of(kind)
        stands = alert.severity is not None and not alert.acknowledged
        if stands and told_here.is_answered(bed.bedside.told, kind, at_ms, bed.rules):
            self.decide(bed, Ack(bed.state.at_ms, kind, alert.episode_ms), BEDSIDE)

    def _pass_away(self, bed: BedRecord, event: Event, away_ms: int) -> None:
        """Let the time before an event pass in which the server was not listening."""
        at_ms = until_ms = min(event.at_ms, away_ms)
        if isinstance(event, Window) and engine.was_heard(bed.state):
            # A window closes all minutes that ended before it, also those that others still wait
            # for. They belong to that time, too: nobody is silent whose window comes just now.
            until_ms = min(event.at_ms - 1 + engine.GRACE_MS, away_ms)
        was = bed.state
        self.decide(bed, Away(until_ms))
        bed.state = bed.state._replace(at_ms=min(bed.state.at_ms, max(was.at_ms, at_ms)))
        lived.excused(self.batch, bed, was, until_ms)

    def change(self, bed: BedRecord, state: BedState, entry: Entry) -> None:
        """Give a bed another state, and note by what."""
        if state is not bed.state:
            self.touch(bed)
            self.end_sign(bed, state)
            lived.changed(self.batch, bed, entry)
            bed.state = state

    def end_sign(self, bed: BedRecord, after: BedState) -> None:
        """Take back the early sign of a bed that does not stand in the state `after` any more."""
        self.batch.signs_over += sign_over.ended(bed.id, bed.state, after)

    def tell(self, bed: BedRecord, notice: Notice) -> None:
        """Store a fact that people should know and that no limit decides."""
        self.touch(bed)
        lived.told(self.batch, bed, notice)
        self.note(bed, notice, None)

    def note(self, bed: BedRecord, notice: Notice, who: str | None) -> None:
        """Store a notice of a bed; `who`: the person whose answer it follows."""
        said = text(of_no_broker(notice) if self.no_broker() else notice)
        told = self.coming.get(bed.name, bed.bedside.told)
        known = told_here.known(told, notice, bed.rules)
        new = NewNotice(bed.id, bed.name, notice, said, who=who, played=bed.played, known=known)
        self.batch.notices.append(new)
        self.counters.count(notice)


def _lost(store: WriterStore) -> bool:
    """Return True if a bed that seems new may have been known before its memory was lost.

    It gets no trial nights then: otherwise a known bed notifies nobody for a week.
    """
    loss = store.loss()
    return loss is not None and not loss.complete
