"""The outbox: each push is a stored delivery; a `DeliveryState` says what became of it.

Each channel has one thread that owns its deliveries, and several workers that talk to the service.
The thread commits a delivery as claimed before a worker sends the push, and marks it as sent
afterwards. After a crash between these two steps the delivery is still claimed: the next start
sends the push again, and the text says that the push may be a repeat. The outbox delivers at least
once and loses no push.
"""

import logging
import queue
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from legwatch.oncall.escalation import Purpose
from legwatch_runtime.part import Parts
from legwatch_server.notify.accepted import Hung, Raised, WrongAnswer
from legwatch_server.notify.channels import (
    Follows,
    Notifier,
    Permanent,
    Progress,
    Push,
    PushError,
    Withdraws,
)
from legwatch_server.notify.next_person import given_up
from legwatch_server.notify.reach import Reach
from legwatch_server.notify.record import Count, Moment, Recorded, record
from legwatch_server.notify.render import UnknownPerson
from legwatch_server.notify.schedule import (
    Due,
    JobKind,
    Room,
    before_start,
    choose,
    waiting,
)
from legwatch_server.notify.worker import Job, JobResult, Workers
from legwatch_server.store.changes import Changes, Claim, Retry
from legwatch_server.store.delivery import Delivery, DeliveryState
from legwatch_server.store.errors import StoreError
from legwatch_server.store.port import OutboxStore, PushSource

logger = logging.getLogger(__name__)

REST_S = 0.1  # shortest wait after a turn without work
HOLDS_S = 10.0  # so long a word without a sound waits for the recall of its alert
# New settings reach the planner and the channels one after the other; in between a person may be
# known to one of them only. The planner then withdraws or renews the push.
UNKNOWN_MS = 2_000
NOT_TRIED = ""  # a channel that cannot be rehearsed says this
LOOK_S = 5.0  # longest wait; a wake-up or an earlier due row ends the wait sooner


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a push is tried, and how many pushes at once."""

    give_up_h: float
    workers: int = 8


@dataclass(frozen=True, slots=True)
class Calls:
    """What an outbox calls: to make a push, and to tell others what it has found out."""

    render: Callable[[PushSource, Delivery, int], Push]
    now_ms: Callable[[], int]  # of the server's time line
    wake_all: Callable[[], None] = lambda: None  # other channels have work now
    answered: Callable[[int], None] = lambda _delivery: None  # in the service's own app
    reach: Reach | None = None  # hears which ways to people work
    # What a push that was given up adds, by its alert's deliveries and the time.
    instead: Callable[[PushSource, Delivery, Sequence[Delivery], int], Changes] = (
        lambda _store, _failed, _related, _now_ms: ()
    )


class Outbox:
    """One channel's outbox: a thread with its own part of the store, and the workers."""

    def __init__(
        self,
        store: OutboxStore,
        channel: str,
        notifier: Notifier,
        patience: Patience,
        calls: Calls,
        parts: Parts | None = None,
    ) -> None:
        parts = parts or Parts()
        self._store, self._channel, self._notifier = store, channel, notifier
        self._patience, self._calls = patience, calls
        self._inbox: queue.SimpleQueue[JobResult | None] = queue.SimpleQueue()
        self._workers = Workers(channel, notifier, patience.workers, self._inbox.put, parts)
        self._in_flight: dict[int, Due] = {}
        self._elapsed_s, self._recall_begun_s = parts.elapsed_s, 0.0
        self._unrecorded: list[JobResult] = []
        self._started = self._stop = False
        self.failing = ""  # why the last push or test failed; empty after a success
        self._test_failed = False  # only a silent test has failed, so that the next may end it
        self.unread = ""  # why the last `progress` could not be read; empty after one that could
        self._said_unread = ""
        self.untaken = ""  # why the last `withdraw` hangs or is wrong; empty after another one
        self.results: dict[str, int] = dict.fromkeys(Count, 0)
        self._part = parts.add(f"push-{channel}", self._run)

    @property
    def busy(self) -> bool:
        """True while a worker has a job."""
        return bool(self._in_flight)

    def use(self, notifier: Notifier, patience: Patience, calls: Calls) -> None:
        """Send by this notifier from the next push on; the number of workers stays."""
        self._notifier, self._patience, self._calls = notifier, patience, calls
        self._workers.notifier = notifier

    def start(self) -> None:
        """Start the channel's thread."""
        self._started = True
        self._part.start()

    def wake(self) -> None:
        """Start the next turn now, because a new row may be due."""
        self._inbox.put(None)

    def stop(self) -> None:
        """Stop after the pushes in progress; wait at most one second for them."""
        self._stop = True
        if not self._started:
            self._store.close()  # there is no thread that does
            return
        self._inbox.put(None)
        self._part.join(1.0)

    def next_ms(self) -> int:
        """Return when the next delivery is due, UTC ms; NEVER_MS: none."""
        return self._store.next_ms()

    def _run(self) -> None:
        self._forget_lost_jobs()
        wait_s = 0.0
        while not (self._stop and not self._in_flight):
            self._part.turned()
            try:
                wait_s = self.turn(wait_s)
            except StoreError as error:
                logger.warning("outbox %s: %s", self._channel, error)
                time.sleep(1.0)  # results stay in memory until the store records them
        self._workers.stop()
        self._store.close()  # not after a failure: the guard runs this part again

    def turn(self, wait_s: float = 0.0) -> float:
        """Record finished jobs and start those that are due; return the seconds to wait next."""
        self._gather(wait_s)
        self._workers.staff(len(self._in_flight))
        now_ms = self._calls.now_ms()
        due = [] if self._stop else self._due(now_ms)
        if self._unrecorded or due:
            self._work(due)
            return 0.0
        if self._stop or self._in_flight:
            return 0.2 if self._stop else LOOK_S
        return min(LOOK_S, max(REST_S, (self._store.next_ms() - now_ms) / 1000))

    def _forget_lost_jobs(self) -> None:
        """After a failure of this part: no worker may have what it was about to hand out.

        The delivery is still claimed, so it is sent again.
        """
        held = set(self._workers.held)
        self._gather(0.0)
        held |= {result.job.delivery.id for result in self._unrecorded}
        for ident in self._in_flight.keys() - held:
            del self._in_flight[ident]

    def _work(self, due: Sequence[Due]) -> None:
        # The first try of a new alert does not wait for the disk again: its decision is there, and
        # after a power cut `recover` takes it for claimed.
        at_once = not self._unrecorded and all(one.delivery.goes_at_once for one in due)
        with self._store.transaction(synced=not at_once):
            now_ms = self._calls.now_ms()  # the time line is moved in a transaction, too
            recorded = [self._record(result, now_ms) for result in self._unrecorded]
            jobs = [job for one in due if (job := self._claim(one, now_ms))]
        for result, known in zip(self._unrecorded, recorded, strict=True):
            self._in_flight.pop(result.job.delivery.id, None)
            self._report(result, known)
        self._unrecorded.clear()
        for job in jobs:
            self._in_flight[job.delivery.id] = Due(job.kind, job.delivery)
            if job.kind is JobKind.RECALL:
                self._recall_begun_s = self._elapsed_s()
            self._workers.hand_out(job, len(self._in_flight))
        if Count.FAILED in [known.counted for known in recorded]:
            self._calls.wake_all()

    def _gather(self, wait_s: float) -> None:
        try:
            result = self._inbox.get(timeout=wait_s) if wait_s else self._inbox.get_nowait()
            while True:
                if result is not None:
                    self._unrecorded.append(result)
                result = self._inbox.get_nowait()
        except queue.Empty:
            return

    def _due(self, now_ms: int) -> list[Due]:
        finished = {result.job.delivery.id for result in self._unrecorded}
        flying = [due for ident, due in self._in_flight.items() if ident not in finished]
        recalls = any(due.kind is JobKind.RECALL for due in flying)
        stuck = recalls and self._elapsed_s() - self._recall_begun_s > HOLDS_S
        room = Room(self._workers.most - len(flying) + recalls, flying, stuck=stuck)
        follows = isinstance(self._notifier, Follows)
        return choose(
            lambda most: waiting(self._store, now_ms, most, follows=follows),
            room,
            first=4 * self._workers.most,
        )

    def _claim(self, due: Due, now_ms: int) -> Job | None:
        """Mark a delivery as begun; None: there is nothing to do for a worker.

        It was read before the transaction: if it has changed since, the next turn reads it again.
        """
        delivery = due.delivery
        related = self._store.around(delivery)
        if any(now.id == delivery.id and now != delivery for now in related):
            return None
        withdraws = isinstance(self._notifier, Withdraws)
        change = before_start(due, related, now_ms, withdraws=withdraws)
        if change is not None:
            self._store.apply((change,), now_ms)
            if not isinstance(change, Claim):
                return None
        if due.kind is JobKind.SEND and delivery.state is DeliveryState.CLAIMED:
            self.results[Count.AGAIN] += 1
            why = f"push {delivery.id} may have been sent before"
            logger.warning("%s; sending it again", why)
        try:
            return Job(due.kind, delivery, self._calls.render(self._store, delivery, now_ms))
        except StoreError:
            raise
        except UnknownPerson as error:
            again = Retry(delivery.id, now_ms + UNKNOWN_MS, str(error), str(error))
            self._store.apply((again,), now_ms)
            return None
        except Exception as error:
            logger.exception("push %s cannot be rendered", delivery.id)
            why = f"{type(error).__name__}: {error}"
            self._store.apply(given_up(delivery, related, why, now_ms), now_ms)
            self._store.apply(self._calls.instead(self._store, delivery, related, now_ms), now_ms)
            return None

    def _record(self, result: JobResult, now_ms: int) -> Recorded:
        """Store what a finished job changes, and count the job."""
        follows = self._notifier if isinstance(self._notifier, Follows) else None
        moment = Moment(
            now_ms,
            give_up_ms=self._patience.give_up_h * 3_600_000,
            follow_every_s=follows.follow_every_s if follows else None,
        )
        delivery = result.job.delivery
        related = self._store.around(delivery)
        known = record(result, related, moment)
        self._store.apply(known.changes, now_ms)
        if known.counted is Count.FAILED:
            self._store.apply(self._calls.instead(self._store, delivery, related, now_ms), now_ms)
        if known.counted is not None:
            self.results[known.counted] += 1
        return known

    def _report(self, result: JobResult, known: Recorded) -> None:
        """Log a new fault once, and pass on an answer given in the service's app."""
        (kind, delivery, _), outcome = result
        if kind is JobKind.FOLLOW:
            self._heard(delivery.id, outcome)
        if kind is JobKind.RECALL:
            self.untaken = str(outcome) if isinstance(outcome, Hung | WrongAnswer) else ""
        if kind is not JobKind.SEND:
            return
        failed, tests = isinstance(outcome, PushError), delivery.purpose is Purpose.REHEARSAL
        untold = outcome == NOT_TRIED or isinstance(outcome, WrongAnswer)
        if self._calls.reach is not None and not untold:
            again_s = None if isinstance(outcome, Permanent) else known.again_s
            self._calls.reach.note(delivery.person, self._channel, sent=not failed, again_s=again_s)
        if failed:
            level = logging.DEBUG if self.failing == str(outcome) else logging.WARNING
            logger.log(level, "channel %s, %s: %s", self._channel, delivery.person, outcome)
            self._test_failed = tests and (self._test_failed or not self.failing)
            self.failing = str(outcome)
        elif self.failing and (self._test_failed or not tests):
            again = "passes its test again" if tests else "delivers again"
            logger.info("channel %s %s", self._channel, again)
            self.failing = ""

    def _heard(self, ident: int, outcome: object) -> None:
        """Pass on an answer of the service's app; log once what is no `Progress`."""
        if outcome is Progress.ANSWERED:
            self._calls.answered(ident)
        if isinstance(outcome, Progress):
            self.unread = ""
        elif isinstance(outcome, WrongAnswer):
            self.unread = str(outcome)
            if self.unread != self._said_unread and not isinstance(outcome, Raised):
                logger.warning("channel %s: %s", self._channel, self.unread)
            self._said_unread = self.unread
