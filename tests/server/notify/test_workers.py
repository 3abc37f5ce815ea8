"""The workers of a channel: pushes of one notice leave in order, and nobody waits for long."""

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from legwatch.oncall.escalation import Purpose
from legwatch_runtime.part import Parts
from legwatch_server.notify import worker
from legwatch_server.notify.channels import Push, Sent
from legwatch_server.notify.schedule import JobKind
from legwatch_server.notify.worker import Job, JobResult, Workers
from server.notify.channels.test_channels import PUSH
from server.notify.plans import row
from server.notify.test_parts import until

MANY = 6


class Slow:
    """A service that is slower with each earlier push."""

    def __init__(self, *, step_s: float) -> None:
        self.step_s, self.sent = step_s, list[int]()

    def send(self, push: Push) -> Sent:
        time.sleep(self.step_s * (MANY - push.id))
        self.sent.append(push.id)
        return Sent()


@pytest.fixture
def parts() -> Iterator[Parts]:
    made = Parts()
    yield made
    made.stopping.set()


def send_all(channel: Slow, parts: Parts, notices: list[int]) -> list[int]:
    """Hand all pushes out at once, and return them in the order in which they have left."""
    done: list[JobResult] = []
    workers = Workers("phone", channel, MANY, done.append, parts)
    for ident, notice_id in enumerate(notices):
        delivery = row(ident, notice_id=notice_id, purpose=Purpose.LOUD)
        job = Job(JobKind.SEND, delivery, replace(PUSH, id=ident))
        workers.hand_out(job, ident + 1)
    until(lambda: len(done) == len(notices))
    workers.stop()
    return channel.sent


def test_pushes_of_one_notice_leave_in_their_order(parts: Parts) -> None:
    assert send_all(Slow(step_s=0.004), parts, [1] * MANY) == list(range(MANY))


def test_pushes_of_other_notices_wait_for_nobody(parts: Parts) -> None:
    assert send_all(Slow(step_s=0.02), parts, list(range(1, MANY + 1)))[0] != 0


def test_a_service_that_is_slow_holds_the_next_person_up_for_a_moment_only(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "HEAD_START_S", 0.001)
    assert send_all(Slow(step_s=0.03), parts, [1] * MANY)[0] != 0
