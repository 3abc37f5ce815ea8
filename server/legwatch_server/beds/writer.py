"""Takes messages in and commits them; finds the one to blame when that fails.

An error of the store (full, locked, I/O, malformed) is nobody's fault: it is waited for, and
nothing is dropped. Any other error may be a message's or a bed's own: the batch is halved until
what fails stands alone, that is set aside with its bytes, and all the rest goes on.
"""

import heapq
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from legwatch import engine
from legwatch.contract.press import MOST_PRESSES
from legwatch_server.beds.batch import UnitOfWork
from legwatch_server.beds.crash_suspects import Suspects, Work
from legwatch_server.beds.registry import BedRecord, SequenceTracker
from legwatch_server.beds.status import Status
from legwatch_server.ingest.broker import Message
from legwatch_server.notify.planner import DeliveryPlanner
from legwatch_server.store.database import Store, of_the_store

logger = logging.getLogger(__name__)

TICK_LAG_MS = 2000  # a window may be this late on its way without the clock overtaking it
START_MS = (
    180_000  # as old as a window may be to count (alerts.fresh_s): those that waited come first
)
SKIPPED_MS = 60_000  # a bed whose minute cannot be judged is tried again after this
RETRY_S = (0.2, 1.0, 5.0)


class Acknowledges(Protocol):
    """What the writer needs of the broker."""

    def acknowledge(self, messages: list[Message]) -> None:
        """Tell the broker that these are committed."""


class _Stopped(Exception):  # noqa: N818 - no error: somebody asks us to end
    """Asked to end while the store takes nothing; the broker sends again what is not committed."""


class Writer:
    """Used by the owner thread. `unconfirmed` and `unsaid` are for it to tell, and to empty."""

    def __init__(
        self,
        store: Store,
        unit: UnitOfWork,
        broker: Acknowledges,
        *,
        planner: DeliveryPlanner,
        wake: Callable[[], None],
        status: Status,
        suspects: Suspects,
        stopping: threading.Event,
        utc_ms: Callable[[], int],
    ) -> None:
        self._store, self._unit, self._broker = store, unit, broker
        self._planner, self._wake, self._status, self._suspects = planner, wake, status, suspects
        self._stopping, self._utc_ms = stopping, utc_ms
        self._started_ms = utc_ms()
        unit.away_ms = self._started_ms + START_MS
        self._due: list[tuple[int, str]] = []
        self.unconfirmed: dict[int, tuple[BedRecord, SequenceTracker]] = {}
        self.unsaid: dict[str, BedRecord] = {}
        self.pressed: dict[str, BedRecord] = {}  # with presses to confirm
        for bed in unit.beds.values():
            self._expect(bed)

    def wait_s(self, longest_s: float) -> float:
        """Return how long nothing is due by itself."""
        if not self._due:
            return longest_s
        due_ms = max(self._due[0][0] + TICK_LAG_MS, self._started_ms + START_MS)
        return min(longest_s, (due_ms - self._utc_ms()) / 1000)

    def write(self, messages: Sequence[Work]) -> bool:
        """Take messages in and let time pass; False: asked to end before all was written."""
        try:
            for group in self._suspects.groups(messages):
                if self._suspects.begin(group):
                    self._settle(group)
                else:
                    self._set_aside(group[0], "the server has ended several times with it")
                self._suspects.done(group)
        except _Stopped:
            self._suspects.rest()
            return False
        return True

    def presses(self, bed: BedRecord) -> tuple[str, ...]:
        """Return the ids of a bed's last committed presses."""
        if bed.presses is None:
            try:
                bed.presses = self._store.presses(bed.id, MOST_PRESSES)
            except sqlite3.Error:
                return ()  # the agent sends them again, and hears of them then
        return bed.presses

    def _settle(self, messages: list[Work]) -> None:
        """Commit messages and what is due; if that is refused, each of them in its own right."""
        due = self._pop_due()
        try:
            if self._patiently(messages, due) is None:
                return
            self._halve(messages)
            for bed in due:
                error = self._patiently([], [bed])
                if error is not None:
                    self._skip(bed, error)
        finally:
            for bed in due:
                self._expect(bed)

    def _halve(self, messages: list[Work]) -> None:
        error = self._patiently(messages, []) if messages else None
        if error is None:
            return
        if len(messages) == 1:
            self._set_aside(messages[0], f"{type(error).__name__}: {error}", error)
            return
        middle = len(messages) // 2
        self._halve(messages[:middle])
        self._halve(messages[middle:])

    def _set_aside(self, message: Work, why: str, error: Exception | None = None) -> None:
        """Keep a message's bytes and go on without it: that this can be stored proves the store."""
        if not isinstance(message, Message):
            logger.error("an answer by %s could not be taken in: %s", message.via, why)
            return
        logger.error("set aside a message on %s: %s", message.topic, why, exc_info=error)
        refused = self._patiently([], [], aside=(message, why))
        if refused is not None:
            raise refused  # then the fault is ours: better end than lose it
        self._broker.acknowledge([message])

    def _patiently(
        self, messages: list[Work], due: list[BedRecord], aside: tuple[Message, str] | None = None
    ) -> Exception | None:
        """Try until the store takes it; return an error that is not the store's own."""
        attempt = 0
        while True:
            error = self._attempt(messages, due, aside)
            if error is None or not of_the_store(error):
                if attempt:
                    logger.info("the database takes windows again")
                return error
            self._status.failed(str(error), self._utc_ms())
            self._suspects.rest()
            if not attempt:
                logger.warning(
                    "the database takes nothing (%s): is the disk full? Nothing is lost; "
                    "trying again",
                    error,
                )
            attempt += 1
            if self._stopping.wait(RETRY_S[min(attempt, len(RETRY_S)) - 1]):
                raise _Stopped
            self._suspects.again()

    def _attempt(
        self, messages: list[Work], due: list[BedRecord], aside: tuple[Message, str] | None
    ) -> Exception | None:
        """Try once; on an error memory and disk are as before."""
        unit, now_ms = self._unit, self._utc_ms()
        begun_s = time.perf_counter()
        unit.begin()
        try:
            for message in messages:
                if isinstance(message, Message):
                    unit.add_message(message)
                else:
                    unit.add_request(message, now_ms)
            for bed in due:
                self._tick(bed, now_ms)
            if aside is not None:
                unit.set_aside(*aside)
            batch = unit.finish()
            if not (messages or aside or unit.touched):
                return None
            work = self._store.commit(batch, self._planner.plan, now_ms)
        except Exception as error:  # noqa: BLE001 - whose fault it is, the caller finds out
            unit.undo()
            return error
        fresh_ms = now_ms if unit.fresh else 0
        self._status.committed(time.perf_counter() - begun_s, len(messages), now_ms, fresh_ms)
        self._committed(messages, work=work)
        return None

    def _committed(self, messages: list[Work], *, work: bool) -> None:
        unit = self._unit
        if work:
            self._wake()
        self._broker.acknowledge([m for m in messages if isinstance(m, Message)])
        unit.reply()
        self.unconfirmed |= unit.boots
        self.unsaid |= unit.touched
        for name, press_id in unit.pressed:
            bed = self.pressed[name] = unit.beds[name]
            others = (ident for ident in self.presses(bed) if ident != press_id)
            bed.presses = (*others, press_id)[-MOST_PRESSES:]
        self._status.judged(unit.touched)
        for bed in unit.touched.values():
            self._expect(bed)

    def _pop_due(self) -> list[BedRecord]:
        """Return the real beds whose minute is over; a played bed has its own time."""
        found: list[BedRecord] = []
        now_ms = self._utc_ms()
        if 0 <= now_ms - self._started_ms < START_MS:
            return found  # a clock that was set back meanwhile does not make it wait for longer
        while self._due and self._due[0][0] + TICK_LAG_MS <= now_ms:
            bed = self._unit.beds.get(heapq.heappop(self._due)[1])
            if bed is not None:
                bed.due_queued = False
                found.append(bed)
        return found

    def _tick(self, bed: BedRecord, now_ms: int) -> None:
        when = engine.due(bed.state, bed.rules)
        if when is not None and not bed.played and when + TICK_LAG_MS <= now_ms:
            self._unit.tick(bed, now_ms - TICK_LAG_MS)

    def _skip(self, bed: BedRecord, error: Exception) -> None:
        """Leave a bed out whose minute cannot be judged; the other beds go on."""
        logger.error("bed %s cannot be judged", bed.name, exc_info=error)
        self._status.unjudged(bed.name)
        self._expect(bed, self._utc_ms() + SKIPPED_MS)

    def _expect(self, bed: BedRecord, not_before_ms: int = 0) -> None:
        when = engine.due(bed.state, bed.rules)
        if when is not None and not bed.played and not bed.due_queued:
            heapq.heappush(self._due, (max(when, not_before_ms), bed.name))
            bed.due_queued = True
