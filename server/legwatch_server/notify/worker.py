"""The workers of a channel: threads that talk to its service, so a slow phone delays no other."""

import logging
import queue
import threading
from collections.abc import Callable
from typing import NamedTuple

from legwatch.oncall.escalation import Purpose
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
from legwatch_server.notify.schedule import JobKind
from legwatch_server.store.delivery import Delivery

logger = logging.getLogger(__name__)


class Job(NamedTuple):
    """One delivery, with the push that a worker sends, withdraws or asks about."""

    kind: JobKind
    delivery: Delivery
    push: Push


class JobResult(NamedTuple):
    """A finished job: `outcome` is the service's answer, or the error."""

    job: Job
    outcome: Sent | Progress | PushError | str | None


class Workers:
    """Starts at most `most` threads; each result goes to `done` in the worker's thread."""

    def __init__(
        self, channel: str, notifier: Notifier, most: int, done: Callable[[JobResult], None]
    ) -> None:
        self._channel, self._done = channel, done
        self.notifier = notifier
        self.most = most
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []

    def hand_out(self, job: Job, in_flight: int) -> None:
        """Give a job to a worker; `in_flight` is the number of jobs, with this one."""
        if len(self._threads) < min(self.most, in_flight):
            name = f"{self._channel}-{len(self._threads)}"
            worker = threading.Thread(target=self._work, name=name, daemon=True)
            self._threads.append(worker)
            worker.start()
        self._jobs.put(job)

    def stop(self) -> None:
        """Let every thread end after its job."""
        for _ in self._threads:
            self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._done(JobResult(job, self._do(job)))

    def _do(self, job: Job) -> Sent | Progress | PushError | str | None:
        """Call the channel; return every exception as a result."""
        notifier = self.notifier
        try:
            if job.kind is JobKind.RECALL and isinstance(notifier, Withdraws):
                notifier.withdraw(job.push, job.delivery.receipt)
                return None
            if job.kind is JobKind.FOLLOW and isinstance(notifier, Follows):
                return notifier.progress(job.delivery.receipt)
            if job.delivery.purpose is Purpose.REHEARSAL:
                return notifier.rehearse(job.push) if isinstance(notifier, Rehearses) else ""
            return _sent(notifier.send(job.push))
        except PushError as error:
            return error
        except Exception as error:
            logger.exception("channel %s failed", self._channel)
            return Retryable(f"{type(error).__name__}: {error}")


def _sent(answer: object) -> Sent:
    """Return what `send` of a channel has returned; raises Permanent if that is no `Sent`."""
    if not isinstance(answer, Sent):  # nobody knows what that channel has done
        raise Permanent(f"the channel's send must return Sent, not {type(answer).__name__}")
    return answer
