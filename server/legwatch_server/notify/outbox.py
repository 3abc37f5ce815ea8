"""The outbox: each push is a database row (decided, claimed, sent, delivered, answered, withdrawn).

Each channel has one thread that owns its rows, and several workers that talk to the service, so a
slow phone delays no other phone. The thread commits a row as claimed before a worker sends the
push, and marks the row as sent afterwards. After a crash between these two steps the row is still
claimed: the next start sends the push again, and the text says that the push may be a repeat. The
outbox delivers at least once and loses no push.
"""

import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from legwatch.oncall.escalation import Purpose
from legwatch_runtime.clock import utc_ms
from legwatch_server.notify.channels import (
    Follows,
    Notifier,
    Permanent,
    Progress,
    Push,
    PushError,
    Rehearses,
    Retryable,
    Sent,
    Withdraws,
)
from legwatch_server.store import deliveries
from legwatch_server.store.database import connect, transaction
from legwatch_server.store.deliveries import Delivery

logger = logging.getLogger(__name__)

FIRST_RETRY_S, LONGEST_RETRY_S = 2.0, 300.0
MOST_ROWS = 512  # read in one turn at most
REST_S = 0.1  # shortest wait after a turn without work
LOOK_S = 5.0  # longest wait; a wake-up or an earlier due row ends the wait sooner


BusyKey = tuple[str, int, str]  # person, bed, kind


class JobKind(Enum):
    """What a worker does with a row."""

    SEND = "send"
    RECALL = "recall"
    FOLLOW = "follow"


class Job(NamedTuple):
    """One row, with the push that a worker sends, withdraws or asks about."""

    kind: JobKind
    delivery: Delivery
    push: Push


class JobResult(NamedTuple):
    """A finished job: `outcome` is the service's answer, or the error."""

    job: Job
    outcome: Sent | Progress | PushError | str | None


class Outbox:
    """One channel's outbox: a thread with its own database connection, and the workers."""

    def __init__(
        self,
        path: Path,
        channel: str,
        notifier: Notifier,
        *,
        render: Callable[[sqlite3.Connection, Delivery, int], Push],
        give_up_h: float,
        workers: int = 8,
        wake_all: Callable[[], None] = lambda: None,
        answered: Callable[[int], None] = lambda _delivery: None,
        utc_ms: Callable[[], int] = utc_ms,
    ) -> None:
        self._path, self._channel, self._notifier = path, channel, notifier
        self._render, self._give_up_ms, self._utc_ms = render, give_up_h * 3_600_000, utc_ms
        self._max_workers, self._wake_all, self._answered = workers, wake_all, answered
        self._inbox: queue.SimpleQueue[JobResult | None] = queue.SimpleQueue()
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._in_flight: dict[int, BusyKey] = {}
        self._unrecorded: list[JobResult] = []
        self._workers: list[threading.Thread] = []
        self._stop = False
        self.failing = ""  # why the last push failed; empty after a success
        self.results: dict[str, int] = {"sent": 0, "retried": 0, "failed": 0, "again": 0}
        self._thread = threading.Thread(target=self._run, name=f"push-{channel}", daemon=True)

    @property
    def busy(self) -> bool:
        """True while a worker has a job."""
        return bool(self._in_flight)

    def start(self) -> None:
        """Start the channel's thread."""
        self._thread.start()

    def wake(self) -> None:
        """Start the next turn now, because a new row may be due."""
        self._inbox.put(None)

    def stop(self) -> None:
        """Stop after the pushes in progress; wait at most one second for them."""
        self._stop = True
        self._inbox.put(None)
        self._thread.join(timeout=1.0)

    def _run(self) -> None:
        with closing(connect(self._path)) as db:
            wait_s = 0.0
            while not (self._stop and not self._in_flight):
                try:
                    wait_s = self.turn(db, wait_s)
                except sqlite3.Error as error:
                    logger.warning("outbox %s: %s", self._channel, error)
                    time.sleep(1.0)  # results stay in memory until the database records them
            for _ in self._workers:
                self._jobs.put(None)

    def turn(self, db: sqlite3.Connection, wait_s: float = 0.0) -> float:
        """Record finished jobs and start those that are due; return the seconds to wait next."""
        self._gather(wait_s)
        now_ms = self._utc_ms()
        if self._unrecorded or (not self._stop and self._due(db, now_ms)):
            with transaction(db):
                others_due = any([self._record(db, r, now_ms) for r in self._unrecorded])  # noqa: C419 - any() must not stop early
                deliveries_due = [] if self._stop else self._due(db, now_ms)
                jobs = [
                    job
                    for task, delivery in deliveries_due
                    if (job := self._claim(db, task, delivery, now_ms))
                ]
            for result in self._unrecorded:
                self._in_flight.pop(result.job.delivery.id, None)
                self._report(result)
            self._unrecorded.clear()
            for job in jobs:
                self._hand_out(job)
            if others_due:
                self._wake_all()
            return 0.0
        if self._stop or self._in_flight:
            return 0.2 if self._stop else LOOK_S
        return min(LOOK_S, max(REST_S, (deliveries.next_ms(db, self._channel) - now_ms) / 1000))

    def _gather(self, wait_s: float) -> None:
        try:
            result = self._inbox.get(timeout=wait_s) if wait_s else self._inbox.get_nowait()
            while True:
                if result is not None:
                    self._unrecorded.append(result)
                result = self._inbox.get_nowait()
        except queue.Empty:
            return

    def _due(self, db: sqlite3.Connection, now_ms: int) -> list[tuple[JobKind, Delivery]]:
        """Return the jobs to start now: withdrawals first, one job for each person and alert."""
        finished = {result.job.delivery.id for result in self._unrecorded}
        busy = {key for ident, key in self._in_flight.items() if ident not in finished}
        free = self._max_workers - (len(self._in_flight) - len(finished))
        if free <= 0:
            return []
        for most in (4 * self._max_workers, MOST_ROWS):  # the first few rows are usually enough
            deliveries_due = self._waiting(db, now_ms, most)
            found = _first_per_alert(deliveries_due, busy, free)
            if len(found) == free or len(deliveries_due) < most:
                break
        return found

    def _waiting(
        self, db: sqlite3.Connection, now_ms: int, most: int
    ) -> list[tuple[JobKind, Delivery]]:
        query = (db, self._channel, now_ms, most)
        follows = deliveries.to_follow(*query) if isinstance(self._notifier, Follows) else []
        return [
            *((JobKind.RECALL, delivery) for delivery in deliveries.to_recall(*query)),
            *((JobKind.SEND, delivery) for delivery in deliveries.to_send(*query)),
            *((JobKind.FOLLOW, delivery) for delivery in follows),
        ]

    def _claim(
        self, db: sqlite3.Connection, task: JobKind, delivery: Delivery, now_ms: int
    ) -> Job | None:
        if task is JobKind.SEND:
            if deliveries.too_late(delivery, now_ms):
                deliveries.withdraw(db, delivery, now_ms, deliveries.TOO_LATE)
                return None
            if deliveries.reached_otherwise(db, delivery):
                deliveries.withdraw(db, delivery, now_ms, "another channel has reached the person")
                return None
            if delivery.state == "claimed":
                self.results["again"] += 1
                why = f"push {delivery.id} may have been sent before"
                logger.warning("%s; sending it again", why)
            deliveries.claim(db, delivery, now_ms)
        elif task is JobKind.RECALL and not isinstance(self._notifier, Withdraws):
            deliveries.clear_recall(db, delivery)
            return None
        try:
            return Job(task, delivery, self._render(db, delivery, now_ms))
        except Exception as error:
            logger.exception("push %s cannot be rendered", delivery.id)
            deliveries.failed(db, delivery, f"{type(error).__name__}: {error}", now_ms)
            return None

    def _hand_out(self, job: Job) -> None:
        delivery = job.delivery
        self._in_flight[delivery.id] = (delivery.person, delivery.bed_id, delivery.kind)
        if len(self._workers) < min(self._max_workers, len(self._in_flight)):
            worker = threading.Thread(
                target=self._work, name=f"{self._channel}-{len(self._workers)}", daemon=True
            )
            self._workers.append(worker)
            worker.start()
        self._jobs.put(job)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._inbox.put(JobResult(job, self._do(job)))

    def _do(self, job: Job) -> Sent | Progress | PushError | str | None:
        """Call the channel; return every exception as a result."""
        notifier = self._notifier
        try:
            if job.kind is JobKind.RECALL and isinstance(notifier, Withdraws):
                notifier.withdraw(job.push, job.delivery.receipt)
                return None
            if job.kind is JobKind.FOLLOW and isinstance(notifier, Follows):
                return notifier.progress(job.delivery.receipt)
            if job.delivery.purpose is Purpose.REHEARSAL:
                return notifier.rehearse(job.push) if isinstance(notifier, Rehearses) else ""
            return notifier.send(job.push)
        except PushError as error:
            return error
        except Exception as error:
            logger.exception("channel %s failed", self._channel)
            return Retryable(f"{type(error).__name__}: {error}")

    def _record(self, db: sqlite3.Connection, result: JobResult, now_ms: int) -> bool:
        """Store the result of a job; True if the failure made other rows due."""
        (task, delivery, _), outcome = result
        if task is JobKind.RECALL:
            deliveries.recalled(
                db, delivery, str(outcome) if isinstance(outcome, PushError) else None, now_ms
            )
            return False
        every_s = _follow_every_s(self._notifier)
        if task is JobKind.FOLLOW:
            over, delivered = outcome is Progress.OVER, outcome is Progress.DELIVERED
            deliveries.followed(
                db, delivery, now_ms, over=over, delivered=delivered, every_s=every_s
            )
            return False
        if isinstance(outcome, PushError):
            return self._failed(db, delivery, outcome, now_ms)
        self.results["sent"] += 1
        accepted = outcome if isinstance(outcome, Sent) else Sent()
        deliveries.sent(
            db,
            delivery,
            now_ms,
            receipt=accepted.receipt,
            delivered=accepted.delivered,
            proof=outcome if isinstance(outcome, str) and outcome else None,
            follow_every_s=every_s,
        )
        return False

    def _failed(
        self, db: sqlite3.Connection, delivery: Delivery, error: PushError, now_ms: int
    ) -> bool:
        why = deliveries.cancelled_because(db, delivery)
        if why:
            deliveries.withdraw(db, delivery, now_ms, why)
            return False
        over = isinstance(error, Permanent) or now_ms - delivery.due_ms > self._give_up_ms
        if over:
            self.results["failed"] += 1
            deliveries.failed(db, delivery, str(error), now_ms)
            return True
        wait_s = min(LONGEST_RETRY_S, FIRST_RETRY_S * 2.0 ** min(delivery.attempt, 12))
        asked_s = error.retry_after_s if isinstance(error, Retryable) else None
        self.results["retried"] += 1
        deliveries.retry(db, delivery, str(error), now_ms, max(wait_s, asked_s or 0.0))
        return False

    def _report(self, result: JobResult) -> None:
        """Log a new fault once, and pass on an answer given in the service's app."""
        (task, delivery, _), outcome = result
        if task is JobKind.FOLLOW and outcome is Progress.ANSWERED:
            self._answered(delivery.id)
        if task is not JobKind.SEND:
            return
        if isinstance(outcome, PushError):
            level = logging.DEBUG if self.failing == str(outcome) else logging.WARNING
            logger.log(level, "channel %s, %s: %s", self._channel, delivery.person, outcome)
            self.failing = str(outcome)
        elif self.failing:
            logger.info("channel %s delivers again", self._channel)
            self.failing = ""


def _first_per_alert(
    deliveries_due: Sequence[tuple[JobKind, Delivery]], busy: Collection[BusyKey], free: int
) -> list[tuple[JobKind, Delivery]]:
    """Return at most `free` rows: the first for each person and alert that is not busy."""
    taken, found = set(busy), list[tuple[JobKind, Delivery]]()
    for task, delivery in deliveries_due:
        key = (delivery.person, delivery.bed_id, delivery.kind)
        if len(found) < free and key not in taken:
            taken.add(key)
            found.append((task, delivery))
    return found


def _follow_every_s(notifier: Notifier) -> float | None:
    return notifier.follow_every_s if isinstance(notifier, Follows) else None


def backlog(boxes: Mapping[str, Outbox], db: sqlite3.Connection, now_ms: int) -> dict[str, int]:
    """Count the pushes that are due and not sent, by channel."""
    deliveries_due = dict(
        db.execute(
            "SELECT channel, count(*) FROM deliveries WHERE state IN ('decided','claimed')"
            " AND due_ms<=? GROUP BY channel",
            (now_ms,),
        ).fetchall()
    )
    return {name: int(deliveries_due.get(name, 0)) for name in boxes}
