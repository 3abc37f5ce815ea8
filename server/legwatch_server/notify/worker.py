"""The workers of a channel: threads that talk to its service, so a slow phone delays no other."""

import logging
import queue
import threading
from collections.abc import Callable
from typing import NamedTuple

from legwatch.entry import place, place_of, reason
from legwatch.oncall.escalation import Purpose
from legwatch_runtime import plugins
from legwatch_runtime.bounded_call import Hangs, call_within
from legwatch_runtime.calls import Call
from legwatch_runtime.part import Part, Parts
from legwatch_runtime.secrets import hide
from legwatch_server.notify.accepted import (
    Hung,
    Raised,
    accepted,
    check_taken_back,
    progressed,
    proven,
)
from legwatch_server.notify.channels import (
    Follows,
    Notifier,
    Progress,
    Push,
    PushError,
    Rehearses,
    Retryable,
    Sent,
    Withdraws,
    channel_call,
)
from legwatch_server.notify.schedule import JobKind
from legwatch_server.settings import CHANNELS
from legwatch_server.store.delivery import Delivery

logger = logging.getLogger(__name__)

LOOK_S = 5.0  # how long a worker waits for a job in one turn
WITHIN_S = 300.0  # a slow service may take minutes for one push, but not more
HEAD_START_S = 0.5  # whoever is first in the roster is told first, if the service is quick
MOST_WAIT_S = 5.0  # for those before, if their services are slow
RECALL_WITHIN_S = 120.0  # a channel may wait 60 s for its service; less than WITHIN_S


class Job(NamedTuple):
    """One delivery, with the push that a worker sends, withdraws or asks about."""

    kind: JobKind
    delivery: Delivery
    push: Push


class JobResult(NamedTuple):
    """A finished job: `outcome` is the service's answer, or the error."""

    job: Job
    outcome: Sent | Progress | PushError | str | None


class _Turn:
    """A job and the one before it: pushes of one notice begin in the order of the roster.

    Nobody waits for a slow service longer than HEAD_START_S: then the next person is told beside.
    """

    def __init__(self, job: Job, last: "_Turn | None") -> None:
        self.job = job
        self._before = last if last is not None and _are_in_order(last.job, job) else None
        self.begun, self.over = threading.Event(), threading.Event()

    def begin(self) -> None:
        """Wait for those before."""
        if self._before is not None and self._before.begun.wait(MOST_WAIT_S):
            self._before.over.wait(HEAD_START_S)
        self._before = None
        self.begun.set()

    def end(self) -> None:
        """Let those behind begin."""
        self.over.set()
        self.begun.set()


def _are_in_order(first: Job, second: Job) -> bool:
    """Return True for two pushes of one notice; a test has none, and waits for nobody."""
    both = first.kind is second.kind is JobKind.SEND
    one, other = first.delivery, second.delivery
    return both and bool(one.notice_id) and one.notice_id == other.notice_id


class Workers:
    """Starts at most `most` threads, and one for a recall that may hang.

    Each result goes to `done` in the worker's thread.
    """

    def __init__(
        self,
        channel: str,
        notifier: Notifier,
        most: int,
        done: Callable[[JobResult], None],
        parts: Parts,
    ) -> None:
        self._channel, self._done = channel, done
        self._complained = self._recall_told = ""
        self.notifier = notifier
        self.most = most
        self._jobs: queue.SimpleQueue[_Turn | None] = queue.SimpleQueue()
        self._last: _Turn | None = None
        self._parts, self._workers = parts, list[Part]()
        self.held: set[int] = set()  # deliveries whose job waits or is at work

    def hand_out(self, job: Job, in_flight: int) -> None:
        """Give a job to a worker; `in_flight` is the number of jobs, with this one."""
        self.held.add(job.delivery.id)
        self._last = turn = _Turn(job, self._last)
        self._jobs.put(turn)
        self.staff(in_flight)

    def staff(self, in_flight: int) -> None:
        """Start a worker if there are fewer than jobs; the machine may have no thread to give."""
        if len(self._workers) >= min(self.most + 1, in_flight):
            return
        worker = _Worker(self._jobs, self._finish)
        name = f"{self._channel}-{len(self._workers)}"
        worker.part = self._parts.add(name, worker.run, within_s=WITHIN_S)
        try:
            worker.part.start()
        except RuntimeError as error:
            worker.part.ended = True
            logger.warning("channel %s has no further worker: %s", self._channel, error)
            return
        self._workers.append(worker.part)

    def stop(self) -> None:
        """Let every thread end after its job."""
        for _ in self._workers:
            self._jobs.put(None)

    def _finish(self, turn: _Turn) -> None:
        """Do a job; its result goes to `done` whatever happens, or nobody would try it again."""
        job = turn.job
        outcome: Sent | Progress | PushError | str | None = Retryable("the worker was interrupted")
        try:
            turn.begin()
            outcome = self._do(job)
        finally:
            turn.end()
            self._done(JobResult(job, outcome))
            self.held.discard(job.delivery.id)

    def _do(self, job: Job) -> Sent | Progress | PushError | str | None:
        """Call the channel; return every exception as a result."""
        notifier = self.notifier
        try:
            if job.kind is JobKind.RECALL:
                return self._recall(notifier, job)
            if job.kind is JobKind.FOLLOW and isinstance(notifier, Follows):
                with self._noted("progress"):
                    return progressed(notifier.progress(job.delivery.receipt))
            if _is_test(job):
                with self._noted("rehearse"):
                    return _rehearsed(notifier, job.push)
            with self._noted("send"):
                return accepted(notifier.send(job.push))
        except PushError as error:
            return error
        except BaseException as error:  # noqa: BLE001 - a channel may raise SystemExit, too
            self._complain(error, _called(notifier, job))
            why = reason(error)
            return Raised(why) if job.kind is JobKind.FOLLOW else Retryable(why)

    def _noted(self, method: str) -> Call:
        return Call(channel_call(self._channel, method))

    def _recall(self, notifier: Notifier, job: Job) -> PushError | None:
        """Take a push back. While one hangs no other begins, and its author is told once."""
        if not isinstance(notifier, Withdraws):  # new settings have come since it was begun
            return Retryable("the channel cannot take back")
        withdraw, receipt = notifier.withdraw, job.delivery.receipt

        def taken_back() -> object:
            with self._noted("withdraw"):
                return withdraw(job.push, receipt)

        try:
            # While a call hangs, its thread holds the channel: no other one gets this id.
            key = f"withdraw {id(notifier)}"
            check_taken_back(call_within(key, taken_back, RECALL_WITHIN_S))
        except Hangs:
            wrong: PushError = Hung(RECALL_WITHIN_S)
        except PushError as error:
            wrong = error
        else:
            self._recall_told = ""
            return None
        if str(wrong) != self._recall_told:
            self._recall_told, whose = str(wrong), plugins.whose(CHANNELS, self._channel)
            where = place_of(withdraw)
            logger.warning("channel %s%s: %s%s", self._channel, whose, wrong, where)
        return wrong

    def _complain(self, error: BaseException, method: object) -> None:
        """Log once what a channel of a package raises, for its author; the push is tried again."""
        stranger = plugins.whose(CHANNELS, self._channel)
        if not stranger:
            logger.error("channel %s failed", self._channel, exc_info=error)
            return
        line = f"channel {self._channel}{stranger}: {hide(reason(error))}{place(error, method)}"
        if line != self._complained:
            self._complained = line
            logger.error("%s", line)


def _called(notifier: Notifier, job: Job) -> object:
    """Return the method of a channel that a job calls."""
    if job.kind is JobKind.SEND:
        return getattr(notifier, "rehearse" if _is_test(job) else "send", None)
    return getattr(notifier, "withdraw" if job.kind is JobKind.RECALL else "progress", None)


def _is_test(job: Job) -> bool:
    return job.delivery.purpose is Purpose.REHEARSAL


def _rehearsed(notifier: Notifier, push: Push) -> str:
    """Return the proof of a silent test; empty: there is none."""
    return proven(notifier.rehearse(push)) if isinstance(notifier, Rehearses) else ""


class _Worker:
    """One thread that takes jobs until it gets a None."""

    part: Part

    def __init__(
        self, jobs: "queue.SimpleQueue[_Turn | None]", finish: Callable[[_Turn], None]
    ) -> None:
        self._jobs, self._finish = jobs, finish

    def run(self) -> None:
        while True:
            self.part.turned()
            try:
                turn = self._jobs.get(timeout=LOOK_S)
            except queue.Empty:
                continue
            if turn is None:
                return
            self._finish(turn)
