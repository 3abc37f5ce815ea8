"""Commits messages; after a failure, finds the message or the bed that caused the failure.

No message causes an error of the store (full, locked, I/O, malformed): the writer waits, tries
again and drops nothing. Any other error may come from one message or one bed: the writer halves
the batch until the failing message is alone, quarantines this message with its bytes, and commits
the rest.
"""

import heapq
import logging
import sys
import threading
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Protocol

from legwatch import engine
from legwatch.conditions.verdict import Reason
from legwatch.contract.confirmation import Stored
from legwatch.contract.press import MOST_PRESSES
from legwatch.named_tuples import maker
from legwatch_server.beds.batch import UnitOfWork
from legwatch_server.beds.crash_suspects import Suspects
from legwatch_server.beds.registry import BedRecord, SequenceTracker
from legwatch_server.beds.status import Status
from legwatch_server.inbox import ActionRequested, Message, Work, message_of
from legwatch_server.notify.commit import commit
from legwatch_server.notify.planner import DeliveryPlanner
from legwatch_server.publish.port import Committed, Confirmation, Decided
from legwatch_server.rest import WATCHED
from legwatch_server.store.batch import Batch
from legwatch_server.store.errors import StoreDamaged, StoreError, of_the_store
from legwatch_server.store.port import WriterStore
from legwatch_server.timeline import Timeline

logger = logging.getLogger(__name__)

TICK_LAG_MS = 2000  # ticks stay this far behind the clock: a window may still be on its way
# No ticks for this time after the start: windows that waited in the agents come first. As long as
# alerts.fresh_s, the age at which a window is too late for an alert.
START_S = 180.0
SWEEP_S = 300.0  # how often beds are stored of which no minute was judged
SKIPPED_MS = 60_000  # wait before another try with a bed that cannot be judged
# So long the disk may take nothing before the watch goes on in memory, and how often it is tried.
WITHOUT_S, HOME_AGAIN_S = 60.0, 60.0
RETRY_S = (0.2, 1.0, 5.0)
# For the threads that send a push: this one would take the interpreter from them for the rest.
HEAD_START_S = 0.003
MUCH = 8  # messages: to decide on them takes as long as a commit of their own
# In one transaction: it keeps the old states of them all. With 2000 of 10,000 beds in one, the
# server took 8 MB more, and no less time.
MOST_BEDS = 500
_confirmation, _stored = maker(Confirmation), maker(Stored)
NO_BOOT = SequenceTracker(0, "00000000", 0)  # for a bed that has sent presses but no windows


class Confirms(Protocol):
    """The part of the transport that the writer uses."""

    def confirm(self, receipts: Sequence[object]) -> None:
        """Confirm messages whose content is committed."""


class _Cut(Enum):
    """Where a commit may end though more messages wait."""

    NEVER = "never"
    AT_BEDS = "at beds"  # behind so many beds that more would only take memory
    AT_NOTICE = "at notice"  # there, or behind the first notice


class _Stopped(Exception):  # noqa: N818 - not an error: a request to stop
    """A stop while the store fails; the broker sends the uncommitted messages again."""


class Writer:
    """Used by the writer thread. `heard` gets what each commit has changed."""

    def __init__(
        self,
        store: WriterStore,
        unit: UnitOfWork,
        transport: Confirms,
        *,
        planner: DeliveryPlanner,
        wake: Callable[[], None],
        heard: Callable[[Committed], None],
        status: Status,
        suspects: Suspects,
        stopping: threading.Event,
        timeline: Timeline,
        note: Callable[[Batch], None] = lambda _batch: None,
        turned: Callable[[], None] = lambda: None,
    ) -> None:
        self._store, self._unit, self._transport = store, unit, transport
        self._heard = heard
        self.planner, self._wake, self._status, self._suspects = planner, wake, status, suspects
        self._stopping, self._timeline, self._turned = stopping, timeline, turned
        self._note = note  # adds to a batch what is noted once a minute
        self._started = self._swept = timeline.instant()
        unit.excuses.all_ms = timeline.now_ms() + int(START_S * 1000)
        self._untold = self._not_told_yet()
        self._tried_home = self._started
        self._left: list[Work] = []  # what was cut off the messages of the last commit
        self._due: list[tuple[int, str]] = []
        for bed in unit.beds.values():
            self._expect(bed)

    def expect_all(self) -> None:
        """Find out anew when each bed is due, after the time line was moved."""
        self._due.clear()
        for bed in self._unit.beds.values():
            bed.due_ms = bed.not_before_ms = 0
            self._expect(bed)

    def wait_s(self, longest_s: float) -> float:
        """Return the time until the next bed is due, at most `longest_s`; negative: overdue."""
        if not self._due:
            return longest_s
        due_s = (self._due[0][0] + TICK_LAG_MS - self._timeline.now_ms()) / 1000
        return min(longest_s, max(due_s, self._starting_s()))

    def _starting_s(self) -> float:
        """Return for how long nothing is ticked yet after the start; negative: it is ticked."""
        return START_S - self._timeline.instant().since(self._started)

    def write(self, messages: Sequence[Work]) -> bool:
        """Commit the messages and the due beds; False after a stop: some are not committed."""
        self._look(idle=not messages)
        try:
            for group in self._suspects.groups(messages):
                if self._suspects.begin(group):
                    self._settle(group)
                else:
                    self._set_aside(group[0], "the server crashed several times on this message")
                self._suspects.done(group)
        except _Stopped:
            self._suspects.rest()
            return False
        return True

    def _look(self, *, idle: bool) -> None:
        """Begin a new store if the one in use was damaged or taken away, also without a message.

        With messages, their commit looks.
        """
        try:
            if idle:
                self._store.check()
        except StoreDamaged as error:
            fault = self._renew(error)
            if fault is not None:
                self._status.failed(str(fault), self._timeline.instant())
        now = self._timeline.instant()
        if not self._store.keeps and now.since(self._tried_home) >= HOME_AGAIN_S:
            self._tried_home = now
            self._come_home()

    def _come_home(self) -> None:
        """Bring to the disk what came while it took nothing, if it takes it now."""
        if self._store.come_back(self._unit.memory(), self._timeline.now_ms()):
            self._unit.remembered()
            self._wake()

    def _goes_without(self, error: Exception) -> bool:
        """Go on in memory if the store has taken nothing for long: alerts must still come out."""
        failed, now = self._status.now().failed, self._timeline.instant()
        if failed is None or now.since(failed) < WITHOUT_S:
            return False
        try:
            self._store.go_without(str(error), self._unit.memory(), self._timeline.now_ms())
        except StoreError:
            return False
        self._unit.remembered()
        self._tried_home, self._untold = now, Reason.NOTHING_KEPT
        self._wake()
        return True

    def _renew(self, error: StoreDamaged) -> StoreError | None:
        """Go on in a new store with what is in memory; return why that cannot be done now."""
        try:
            self._store.renew(error, self._unit.memory(), self._timeline.now_ms())
        except StoreError as fault:
            return fault
        self._unit.remembered()
        self._untold = self._not_told_yet()
        self._wake()
        return None

    def _not_told_yet(self) -> Reason | None:
        """Return what people have to hear of the store: nothing is kept, or memory was lost."""
        if not self._store.keeps:
            return Reason.NOTHING_KEPT
        try:
            loss = self._store.loss()
            said_ms = self._store.said().get(Reason.MEMORY_LOST, 0)
        except StoreError:
            return None  # the next new store says it
        untold = loss is not None and not loss.complete and said_ms < loss.at_ms
        return Reason.MEMORY_LOST if untold else None

    def _presses(self, bed: BedRecord) -> tuple[str, ...]:
        """Return a bed's last committed press ids, oldest first; empty if the store fails."""
        if bed.presses is None:
            try:
                bed.presses = self._store.presses(bed.id, MOST_PRESSES)
            except StoreError:
                return ()  # the agent sends its presses again and gets the confirmation then
        return bed.presses

    def store_all(self) -> None:
        """Store every bed whose memory is ahead of the store, and what is in memory; try once."""
        if not self._store.keeps:
            self._come_home()
        now_ms = self._timeline.now_ms()
        self._unit.begin()
        self._unit.sweep(now_ms)
        try:
            batch = self._unit.finish()
            self._note(batch)
            commit(self._store, batch, self.planner, now_ms)
        except Exception as error:  # noqa: BLE001 - the next start catches up with the windows
            logger.warning("the beds were not stored at the end: %s", error)

    def _settle(self, messages: list[Work]) -> None:
        """Commit messages and due beds; what comes behind a first alert does not delay it."""
        self._settle_part(messages, self._pop_due(), _Cut.AT_NOTICE)
        while self._left:
            left, self._left = self._left, []
            self._settle_part(left, [], _Cut.AT_BEDS)

    def _settle_part(self, messages: list[Work], due: list[BedRecord], cut: _Cut) -> None:
        """Commit messages and due beds together; after an error, find what is at fault."""
        try:
            failed = self._patiently(messages, due, cut)
            if failed is None:
                return
            found = self._halve(messages)
            for bed in due:
                error = self._patiently([], [bed])
                if error is not None:
                    self._skip(bed, error)
                    found = True
            if not found:
                logger.error("a commit failed, and worked when it was tried again", exc_info=failed)
        finally:
            for bed in due:
                self._expect(bed)

    def _halve(self, messages: list[Work]) -> bool:
        """Set aside each message that cannot be committed; return True if there is one."""
        error = self._patiently(messages, []) if messages else None
        if error is None:
            return False
        if len(messages) == 1:
            self._set_aside(messages[0], f"{type(error).__name__}: {error}", error)
            return True
        middle = len(messages) // 2
        halves = [self._halve(messages[:middle]), self._halve(messages[middle:])]
        return any(halves)

    def _set_aside(self, work: Work, why: str, error: Exception | None = None) -> None:
        """Quarantine a message and acknowledge it; raises the error if even that fails."""
        message = message_of(work)
        if message is None:
            what = f"an answer by {work.via}" if isinstance(work, ActionRequested) else "a report"
            logger.error("could not process %s: %s", what, why)
            return
        logger.error("quarantined a message on %s: %s", message.topic, why, exc_info=error)
        refused = self._patiently([], [], aside=(message, why))
        if refused is not None:
            raise refused  # the message is not at fault: stop the server, do not lose the message
        self._transport.confirm([message.receipt])

    def _patiently(
        self,
        messages: list[Work],
        due: list[BedRecord],
        cut: _Cut = _Cut.NEVER,
        *,
        aside: tuple[Message, str] | None = None,
    ) -> Exception | None:
        """Retry while the store fails; return any other error, or None after the commit."""
        attempt = 0
        while True:
            self._turned()  # one that waits for the disk does not hang
            error = self._attempt(messages, due, cut, aside)
            if isinstance(error, StoreDamaged):
                error = self._renew(error)
                if error is None:
                    continue
            if error is None or not of_the_store(error):
                if attempt:
                    logger.warning("the database accepts writes again")  # who read of it hears
                return error
            why = str(error) or type(error).__name__
            self._status.failed(why, self._timeline.instant())
            self._suspects.rest()
            if not attempt:
                logger.error(
                    "the database accepts no writes (%s): is the disk full? Nothing is lost; "
                    "trying again",
                    why,
                )
            if self._goes_without(error):
                attempt = 0
                continue
            attempt += 1
            if self._stopping.wait(RETRY_S[min(attempt, len(RETRY_S)) - 1]):
                raise _Stopped
            self._suspects.again()

    def _attempt(
        self,
        messages: list[Work],
        due: list[BedRecord],
        cut: _Cut,
        aside: tuple[Message, str] | None,
    ) -> Exception | None:
        """Try once; after an error, memory and disk are unchanged.

        `cut`: where to end, if much comes behind it; that is then in `_left`.
        """
        unit, now_ms = self._unit, self._timeline.now_ms()
        begun = self._timeline.instant()
        unit.begin(messages)
        touched, most = unit.decisions.touched, sys.maxsize if cut is _Cut.NEVER else MOST_BEDS
        notices = unit.batch.notices if cut is _Cut.AT_NOTICE else ()
        try:
            for number, message in enumerate(messages, 1):
                unit.add(message, now_ms)
                if (notices or len(touched) >= most) and len(messages) - number >= MUCH:
                    messages, self._left = messages[:number], messages[number:]
                    break
            for bed in due:
                self._tick(bed, now_ms)
            if aside is not None:
                unit.set_aside(*aside)
            if self._untold is not None:
                unit.report_server(self._untold, (), now_ms)
            if begun.since(self._swept) >= SWEEP_S:
                unit.sweep(now_ms - int(SWEEP_S * 1000))
            batch = unit.finish()
            if not (messages or aside or unit.decisions.touched or batch.notices):
                return None
            self._note(batch)
            work = commit(self._store, batch, self.planner, now_ms)
        except Exception as error:  # noqa: BLE001 - the caller finds the cause
            self._left = []
            unit.undo()
            return error
        unit.committed(now_ms)
        self._untold = None
        if batch.swept:
            self._swept = begun
        now = self._timeline.instant()
        self._status.committed(now.since(begun), len(messages), now, fresh=unit.fresh)
        self._committed(messages, work=work)
        return None

    def _committed(self, messages: list[Work], *, work: bool) -> None:
        unit = self._unit
        if work:
            self._wake()
            self._stopping.wait(HEAD_START_S)
        arrived = (message_of(work) for work in messages)
        self._transport.confirm([m.receipt for m in arrived if m is not None])
        unit.answers.reply()
        self._heard(
            Committed(
                beds=[bed.update() for bed in unit.kept],
                confirmations=self._confirmations() if self._store.keeps else [],
                notices=[Decided(new.bed, new.notice) for new in unit.batch.notices],
                results=unit.requests.results,
                asked=unit.requests.limits,
            )
        )
        self._status.judged(unit.decisions.judged)
        for bed in unit.kept:  # the windows of an open minute change no deadline
            self._expect(bed)

    def _confirmations(self) -> list[Confirmation]:
        """Return what the agents of this batch may delete: windows and presses."""
        unit = self._unit
        pressed: dict[str, BedRecord] = {}
        for name, press_id in unit.presses.confirmed:
            bed = pressed[name] = unit.beds[name]
            others = (ident for ident in self._presses(bed) if ident != press_id)
            bed.presses = (*others, press_id)[-MOST_PRESSES:]
        found = [self._confirmation(bed, boot) for bed, boot in unit.boots.touched.values()]
        pressed_only = pressed.keys() - {bed.name for bed, _ in unit.boots.touched.values()}
        for name in pressed_only:
            bed = pressed[name]
            last = max(bed.boots, key=lambda boot: boot.id, default=NO_BOOT)
            found.append(self._confirmation(bed, last))
        return found

    def _confirmation(self, bed: BedRecord, boot: SequenceTracker) -> Confirmation:
        return _confirmation((bed.name, _stored((boot.boot, boot.upto, self._presses(bed)))))

    def _pop_due(self) -> list[BedRecord]:
        """Take all due beds from the queue; none shortly after the start."""
        found: list[BedRecord] = []
        now_ms = self._timeline.now_ms()
        if self._starting_s() > 0:
            return found
        while self._due and self._due[0][0] + TICK_LAG_MS <= now_ms:
            at_ms, name = heapq.heappop(self._due)
            bed = self._unit.beds.get(name)
            if bed is not None and bed.due_ms == at_ms:  # else it was due earlier
                bed.due_ms = 0
                found.append(bed)
        return found

    def _tick(self, bed: BedRecord, now_ms: int) -> None:
        when = engine.due(bed.state, bed.rules)
        if when is not None and _ticks(bed) and when + TICK_LAG_MS <= now_ms:
            self._unit.tick(bed, now_ms - TICK_LAG_MS)

    def _skip(self, bed: BedRecord, error: Exception) -> None:
        """Leave out a bed that cannot be judged for SKIPPED_MS; the other beds go on."""
        logger.error("bed %s cannot be judged", bed.name, exc_info=error)
        self._status.unjudged(bed.name)
        bed.not_before_ms = self._timeline.now_ms() + SKIPPED_MS
        self._expect(bed)

    def _expect(self, bed: BedRecord) -> None:
        """Queue a bed, or queue it anew if it is due earlier than it was: its time went back."""
        when = engine.due(bed.state, bed.rules)
        if when is None or not _ticks(bed):
            return
        at_ms = max(when, bed.not_before_ms)
        if not bed.due_ms or at_ms < bed.due_ms:
            heapq.heappush(self._due, (at_ms, bed.name))
            bed.due_ms = at_ms


def _ticks(bed: BedRecord) -> bool:
    """Return True for a bed whose time goes on by this server's clock."""
    return not bed.played and bed.rest is WATCHED
