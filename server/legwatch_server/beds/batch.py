"""Turns a batch of work into one transaction: correct times, drop duplicates, decide.

Nothing is final before the commit: `undo` restores the memory to its state before the batch.
"""

from collections.abc import Callable, Sequence

from legwatch.bedside import UnreadWindows
from legwatch.conditions.verdict import Figures, Reason
from legwatch.errors import WireError
from legwatch.events import PLAYED, Tick
from legwatch.limits.rules import Rules
from legwatch.named_tuples import maker
from legwatch_runtime.clock import Instant, instant
from legwatch_server.beds.agents import Agents
from legwatch_server.beds.answers import Answers
from legwatch_server.beds.bed_rules import BedRules
from legwatch_server.beds.boots import Boots
from legwatch_server.beds.counters import Counters
from legwatch_server.beds.decisions import Decisions, Undeclared
from legwatch_server.beds.excuses import Excuses
from legwatch_server.beds.helped import Helped
from legwatch_server.beds.placement import Placement
from legwatch_server.beds.presses import Presses
from legwatch_server.beds.recordings import Recordings
from legwatch_server.beds.registry import NOTED_MS, BedRecord, catch_up, restored
from legwatch_server.beds.requests import Requests
from legwatch_server.beds.server_reports import ServerReports
from legwatch_server.beds.state_json import side_json, to_json
from legwatch_server.beds.time_shift import TimeShift
from legwatch_server.beds.unusable import Unusable
from legwatch_server.beds.watch import Watch
from legwatch_server.inbox import (
    ActionRequested,
    AgentUnseen,
    BedDropped,
    BedExpected,
    BedRests,
    InfoArrived,
    Message,
    PressArrived,
    RequestArrived,
    ServerFact,
    StatusArrived,
    ToldArrived,
    Unreadable,
    WindowArrived,
    Work,
    message_of,
)
from legwatch_server.rest import WATCHED
from legwatch_server.store.batch import Batch, NewState, NewWindow, StoredTime
from legwatch_server.store.port import WriterStore
from legwatch_server.store.records import StoredBed

_ALL_READ = UnreadWindows()
_new_window = maker(NewWindow)


class UnitOfWork:
    """All beds, and the batch in progress. Only the writer thread uses them."""

    def __init__(
        self,
        store: WriterStore,
        rules_of: Callable[[str], Rules],
        plays: Callable[[str], bool],
        now: Callable[[], Instant] = instant,
    ) -> None:
        self.beds: dict[str, BedRecord] = {}
        self.rules = rules = BedRules(self.beds, rules_of, plays)
        known = store.beds()
        self.ended = _ended(store.time(), known)
        ended_ms = self.ended.at_ms if self.ended is not None else 0
        for stored in known:
            self.beds[stored.name] = restored(stored, rules.of(stored.name), ended_ms)
        catch_up(self.beds.values(), store.unseen())
        self.counters, self.excuses = Counters(), Excuses()
        self.decisions = decisions = Decisions(store, self.beds, rules, self.excuses, self.counters)
        self.boots, self._reports = Boots(store), ServerReports(store)
        self._placement, self._recordings = Placement(self.beds), Recordings(decisions, rules)
        self._watch = Watch(decisions, rules, self._recordings, self.excuses)
        self._agents = Agents(decisions, rules, self._watch, self.excuses)
        self.presses = Presses(store, decisions, self._recordings)
        self.requests = Requests(store, decisions, self.beds.get)
        self._helped = Helped(store, decisions, self.presses)
        self.answers = Answers(store, self.beds, decisions.decide)
        self._unusable = Unusable(decisions, self.boots, self.presses, self._agents, now)
        self.unread = self._unusable.unread
        self.time_shift = TimeShift(decisions, self.boots, self._reports, self.excuses)
        self.begin()

    def begin(self, coming: Sequence[Work] = ()) -> None:
        """Start a new batch of these messages, and remember what `undo` needs."""
        self.boots.begin()
        self._placement.begin(coming)
        self.answers.begin()
        self.presses.begin()
        self.requests.begin()
        self._unusable.begin()
        self._reports.begin()
        self.counters.begin()
        self.batch = Batch(boots=self.boots.new)
        self.decisions.begin(self.batch)
        self._helped.begin(coming)
        self.fresh = False  # whether the batch has a window of a real bed that is not late
        self.kept: list[BedRecord] = []  # what is not only a window of an open minute

    def undo(self) -> None:
        """Restore the memory to its state at the start of the batch."""
        self.counters.undo()
        self.decisions.undo()
        self.boots.undo()
        self._reports.undo()
        self.begin()

    def finish(self) -> Batch:
        """Add the states of the beds with news, and return the batch to commit.

        A bed is stored when a minute was judged or somebody answered, not for every window: the
        windows of the open minute are in their own table.
        """
        for bed in self.decisions.touched.values():
            if bed.has_news() or bed.name in self.decisions.swept:
                self._keep(bed)
        return self.batch

    def sweep(self, before_ms: int) -> None:
        """Store the beds whose memory has been ahead of the store since `before_ms`.

        So a start after a crash has to look only at the latest windows.
        """
        self.batch.swept = True
        for bed in self.beds.values():
            if bed.unstored_ms and bed.unstored_ms <= before_ms:
                self.decisions.sweep(bed)

    def memory(self) -> Batch:
        """Return all beds as they are known, for a store that is made anew."""
        beds = self.beds.values()
        return Batch(
            beds=[(bed.id, bed.name) for bed in beds],
            boots=self.boots.all(beds),
            states=[_state(bed) for bed in beds],
        )

    def remembered(self) -> None:
        """Note that the store has all that `memory` has returned."""
        for bed in self.beds.values():
            bed.stored, bed.unstored_ms = bed.kept(), 0
            for boot in bed.boots:
                boot.stored_upto = boot.upto

    def _keep(self, bed: BedRecord) -> None:
        self.batch.states.append(_state(bed))
        for boot in bed.boots:
            if boot.upto != boot.stored_upto:
                self.batch.uptos[boot.id] = boot.upto
        self.kept.append(bed)

    def committed(self, now_ms: int) -> None:
        """Note what the store has now."""
        self._unusable.committed()
        for bed in self.decisions.touched.values():
            bed.unstored_ms = bed.unstored_ms or now_ms
        for bed in self.kept:
            bed.stored, bed.unstored_ms = bed.kept(), 0
            for boot in bed.boots:
                boot.stored_upto = boot.upto

    def add(self, work: Work, now_ms: int) -> None:
        """Process one piece of work; quarantine a message that cannot be used.

        Any other error passes through; the caller must then `undo` the batch.
        """
        try:
            match work:
                case WindowArrived():
                    self._window(work)
                case PressArrived():
                    self.presses.take(work)
                case RequestArrived():
                    self.requests.take(work, now_ms)
                case ToldArrived():
                    self._helped.take(work)
                case InfoArrived():
                    self._agents.take_info(work)
                case StatusArrived():
                    self._agents.take_status(work)
                case Unreadable():
                    self._unusable.set_aside(work)
                case ActionRequested():
                    self.answers.add(work, self.batch, now_ms)
                case BedExpected(name):
                    self._watch.declare(self.decisions.bed(name, declared=True), now_ms)
                case BedDropped(name):
                    self._watch.drop(self.beds[name], now_ms)
                case BedRests(name, rest):
                    self._watch.let_rest(self.beds[name], rest, now_ms)
                case AgentUnseen(name):
                    self._agents.unseen(self.beds[name], now_ms)
                case ServerFact(reason, figures):
                    self.report_server(reason, figures, now_ms)
            self.decisions.answer_what_fired()
        except WireError as error:
            bad = message_of(work)
            if bad is None:
                raise
            self._unusable.set_aside(
                Unreadable(bad, str(error)), asks=isinstance(error, Undeclared)
            )

    def tick(self, bed: BedRecord, at_ms: int) -> None:
        """Let the engine judge a bed's minutes up to `at_ms`, and report what is due."""
        self.decisions.decide(bed, Tick(at_ms))
        self.decisions.answer_what_fired()
        self._agents.set_up(bed, at_ms)
        self._agents.report(bed, at_ms)

    def _window(self, arrived: WindowArrived) -> None:
        name, window, message = arrived
        played = window.clock == PLAYED
        if played:
            self._recordings.check_declared(name)
        bed = self.decisions.bed(name)
        known = self.boots.known(bed, window.boot)
        boot = self.boots.of_window(bed, window, known)
        if boot.has(window.seq):
            self.counters.duplicates += 1
            return
        placed = self._placement.place(bed, boot, window, message)
        judged = bed.rest is WATCHED and not placed.late
        if played and judged:
            self._recordings.leap(bed, window.to_ms, message.arrived_ms)
            if known is None or bed.goes_on:
                self._recordings.begin_anew(bed, window.to_ms, played=True)
                bed.goes_on = False
        elif played:
            bed.goes_on |= known is None  # its first window is not judged: a later one begins it
        elif bed.played:
            to_ms = message.arrived_ms if placed.late else placed.window.to_ms
            self._recordings.begin_anew(bed, to_ms, played=False)
        minute_ms = bed.state.minute_end_ms
        if bed.rest is not WATCHED:
            self._watch.keep_only(bed)
            placed = placed._replace(late=True)  # stored, and never judged
        elif placed.late:
            self._watch.expect(bed, message.arrived_ms)
        else:
            self.decisions.decide(bed, placed.window)
        self.batch.windows.append(
            _new_window((bed.id, boot.id, placed.window, message.arrived_ms, placed.late))
        )
        boot.add(window.seq)
        self.decisions.touch(bed)
        bed.unread, self._unusable.taken[name] = _ALL_READ, played
        bed.seen_ms = max(bed.seen_ms, message.arrived_ms)
        bed.played = played
        if not placed.late:
            bed.note_others(placed.window)
            if window.boot != bed.rivals.boot:
                self._agents.another_boot(bed, placed.window, message.arrived_ms)
            elif bed.state.minute_end_ms != minute_ms:
                self._agents.report_sensors(bed, message.arrived_ms)
        self.fresh |= not (placed.late or bed.played)
        if bed.bedside.gone_ms and not placed.late:
            bed.bedside = bed.bedside._replace(online=True, gone_ms=0)
            self._agents.report(bed, message.arrived_ms)
        if not (bed.info_live or placed.late):
            self._agents.confirm_info(bed, window)
        self.counters.windows += 1
        self.counters.late += placed.late
        self.counters.clock_wrong += placed.clock_wrong

    def report_server(self, reason: Reason, figures: Figures, at_ms: int) -> None:
        """Store what all people should know of the server itself; once in 12 hours per reason."""
        new = self._reports.add(self.batch, reason, figures, at_ms)
        if new is not None:
            self.counters.count(new.notice)

    def set_aside(self, message: Message, why: str) -> None:
        """Quarantine a message that can be read, but not stored."""
        self._unusable.set_aside(Unreadable(message, why))


def _state(bed: BedRecord) -> NewState:
    side = side_json(bed.bedside)
    return NewState(bed.id, to_json(bed.state), bed.seen_ms, played=bed.played, bedside=side)


def _ended(noted: StoredTime | None, beds: Sequence[StoredBed]) -> StoredTime | None:
    """Return the end of the last run; None if it is not known, or before a window that had come."""
    seen_ms = max((bed.seen_ms for bed in beds), default=0)
    return noted if noted is not None and noted.at_ms >= seen_ms - NOTED_MS else None
