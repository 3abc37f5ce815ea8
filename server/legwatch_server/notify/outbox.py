"""Decided, claimed, sent, delivered, answered, withdrawn: each push is a row of the outbox.

A channel has one thread that owns its rows and several that talk to the service, so one slow phone
holds up no other. A row is claimed and committed before the sending and marked after it. A crash in
between leaves it claimed: it is sent again at the next start, and says so. At least once, never
lost.
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
MOST_ROWS = 512  # looked at in one turn
REST_S = 0.1  # at least, after a turn in which nothing was done
LOOK_S = 5.0  # besides being woken, and besides what is due before that


BusyKey = tuple[str, int, str]  # person, bed, kind


class JobKind(Enum):
    """What a worker does with a row."""

    SEND = "send"
    RECALL = "recall"
    FOLLOW = "follow"


class Job(NamedTuple):
    """One row in the hands of a worker."""

    kind: JobKind
    delivery: Delivery
    push: Push


class JobResult(NamedTuple):
    """What came of it: `said` is what the service answered, or why it failed."""

    job: Job
    outcome: Sent | Progress | PushError | str | None


class Outbox:
    """One channel: its own thread with a database connection, and its workers."""

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
        self._most, self._wake_all, self._answered = workers, wake_all, answered
        self._inbox: queue.SimpleQueue[JobResult | None] = queue.SimpleQueue()
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._flying: dict[int, BusyKey] = {}
        self._unrecorded: list[JobResult] = []
        self._workers: list[threading.Thread] = []
        self._stop = False
        self.failing = ""  # why the service does not take pushes; empty: it does
        self.results: dict[str, int] = {"sent": 0, "retried": 0, "failed": 0, "again": 0}
        self._thread = threading.Thread(target=self._run, name=f"push-{channel}", daemon=True)

    @property
    def busy(self) -> bool:
        """Say whether a push is under way."""
        return bool(self._flying)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def wake(self) -> None:
        """Look now: something was decided."""
        self._inbox.put(None)

    def stop(self) -> None:
        """End after the pushes that are under way, but wait no longer than a second for them."""
        self._stop = True
        self._inbox.put(None)
        self._thread.join(timeout=1.0)

    def _run(self) -> None:
        with closing(connect(self._path)) as db:
            wait_s = 0.0
            while not (self._stop and not self._flying):
                try:
                    wait_s = self.turn(db, wait_s)
                except sqlite3.Error as error:
                    logger.warning("outbox %s: %s", self._channel, error)
                    time.sleep(1.0)  # what was sent stays in memory until it is marked
            for _ in self._workers:
                self._jobs.put(None)

    def turn(self, db: sqlite3.Connection, wait_s: float = 0.0) -> float:
        """Mark what workers have done and hand out what is due; return how long to rest then."""
        self._gather(wait_s)
        now_ms = self._utc_ms()
        if self._unrecorded or (not self._stop and self._due(db, now_ms)):
            with transaction(db):
                stirred = any([self._record(db, r, now_ms) for r in self._unrecorded])  # noqa: C419 - all of them
                deliveries_due = [] if self._stop else self._due(db, now_ms)
                jobs = [
                    job
                    for task, delivery in deliveries_due
                    if (job := self._claim(db, task, delivery, now_ms))
                ]
            for result in self._unrecorded:
                self._flying.pop(result.job.delivery.id, None)
                self._report(result)
            self._unrecorded.clear()
            for job in jobs:
                self._hand_out(job)
            if stirred:
                self._wake_all()
            return 0.0
        if self._stop or self._flying:
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
        """Return what may be begun: what is to be taken back first, one job a person and alert."""
        landed = {result.job.delivery.id for result in self._unrecorded}
        busy = {key for ident, key in self._flying.items() if ident not in landed}
        free = self._most - (len(self._flying) - len(landed))
        if free <= 0:
            return []
        for most in (4 * self._most, MOST_ROWS):  # when many wait, the first ones are enough
            deliveries_due = self._waiting(db, now_ms, most)
            found = _one_each(deliveries_due, busy, free)
            if len(found) == free or len(deliveries_due) < most:
                break
        return found

    def _waiting(
        self, db: sqlite3.Connection, now_ms: int, most: int
    ) -> list[tuple[JobKind, Delivery]]:
        asked = (db, self._channel, now_ms, most)
        follows = deliveries.to_follow(*asked) if isinstance(self._notifier, Follows) else []
        return [
            *((JobKind.RECALL, delivery) for delivery in deliveries.to_recall(*asked)),
            *((JobKind.SEND, delivery) for delivery in deliveries.to_send(*asked)),
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
            logger.exception("push %s cannot be written", delivery.id)
            deliveries.failed(db, delivery, f"{type(error).__name__}: {error}", now_ms)
            return None

    def _hand_out(self, job: Job) -> None:
        delivery = job.delivery
        self._flying[delivery.id] = (delivery.person, delivery.bed_id, delivery.kind)
        if len(self._workers) < min(self._most, len(self._flying)):
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
        """Talk to the service; whatever it raises becomes a result."""
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
        """Write down what came of a job; say whether other rows have become due by it."""
        (task, delivery, _), said = result
        if task is JobKind.RECALL:
            deliveries.recalled(
                db, delivery, str(said) if isinstance(said, PushError) else None, now_ms
            )
            return False
        every_s = _every_s(self._notifier)
        if task is JobKind.FOLLOW:
            over, delivered = said is Progress.OVER, said is Progress.DELIVERED
            deliveries.followed(
                db, delivery, now_ms, over=over, delivered=delivered, every_s=every_s
            )
            return False
        if isinstance(said, PushError):
            return self._failed(db, delivery, said, now_ms)
        self.results["sent"] += 1
        taken = said if isinstance(said, Sent) else Sent()
        deliveries.sent(
            db,
            delivery,
            now_ms,
            receipt=taken.receipt,
            delivered=taken.delivered,
            proof=said if isinstance(said, str) and said else None,
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
        """Say in the log what an owner should know, once; pass an answer on."""
        (task, delivery, _), said = result
        if task is JobKind.FOLLOW and said is Progress.ANSWERED:
            self._answered(delivery.id)
        if task is not JobKind.SEND:
            return
        if isinstance(said, PushError):
            level = logging.DEBUG if self.failing == str(said) else logging.WARNING
            logger.log(level, "channel %s, %s: %s", self._channel, delivery.person, said)
            self.failing = str(said)
        elif self.failing:
            logger.info("channel %s delivers again", self._channel)
            self.failing = ""


def _one_each(
    deliveries_due: Sequence[tuple[JobKind, Delivery]], busy: Collection[BusyKey], free: int
) -> list[tuple[JobKind, Delivery]]:
    """Return the first `free` rows, one a person and alert, of those that are not busy."""
    taken, found = set(busy), list[tuple[JobKind, Delivery]]()
    for task, delivery in deliveries_due:
        key = (delivery.person, delivery.bed_id, delivery.kind)
        if len(found) < free and key not in taken:
            taken.add(key)
            found.append((task, delivery))
    return found


def _every_s(notifier: Notifier) -> float | None:
    return notifier.follow_every_s if isinstance(notifier, Follows) else None


def backlog(boxes: Mapping[str, Outbox], db: sqlite3.Connection, now_ms: int) -> dict[str, int]:
    """Return how many pushes are due and wait, by channel."""
    deliveries_due = dict(
        db.execute(
            "SELECT channel, count(*) FROM deliveries WHERE state IN ('decided','claimed')"
            " AND due_ms<=? GROUP BY channel",
            (now_ms,),
        ).fetchall()
    )
    return {name: int(deliveries_due.get(name, 0)) for name in boxes}
