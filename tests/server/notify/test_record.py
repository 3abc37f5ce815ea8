"""What the outcome of a job changes, and which job is started."""

from typing import Any

import pytest

from legwatch.alerting.notice import TransitionKind
from legwatch.conditions.verdict import Severity
from legwatch.oncall.escalation import Purpose
from legwatch_server.notify.accepted import WrongAnswer
from legwatch_server.notify.channels import Permanent, Progress, Push, Retryable, Sent
from legwatch_server.notify.record import Count, Moment, Recorded, record
from legwatch_server.notify.schedule import Due, JobKind, Room, before_start, choose
from legwatch_server.notify.worker import Job, JobResult
from legwatch_server.store.changes import (
    Claim,
    DropRecall,
    Fail,
    MarkFollowed,
    MarkRecalled,
    MarkSent,
    Recall,
    Retry,
    Withdraw,
)
from legwatch_server.store.delivery import NEVER_MS, Delivery, DeliveryState
from server.notify.plans import MINUTE_MS, NOW, row, sent

MOMENT = Moment(NOW, give_up_ms=3_600_000, follow_every_s=None)
FOLLOWED = MOMENT._replace(follow_every_s=60.0)
CLAIMED = row(1, state=DeliveryState.CLAIMED, attempt=1)
PUSH = Push(
    id=1,
    to="anna",
    thread="t",
    bed="b",
    clock="02:41",
    title="",
    text="",
    severity=Severity.LOG,
    transition=TransitionKind.FIRED,
    purpose=Purpose.LOUD,
)


def after(kind: JobKind, outcome: Any, *now: Delivery, moment: Moment = MOMENT) -> Recorded:
    """Record the outcome of a job on the first of the deliveries as they are now."""
    return record(JobResult(Job(kind, row(1), PUSH), outcome), now, moment)


def test_a_push_that_was_taken_makes_the_persons_other_channels_useless() -> None:
    other = row(2, channel="sms", rank=1)
    older = sent(0, recall_ms=NOW)
    found = after(JobKind.SEND, Sent("r"), CLAIMED, other, older, row(3, "bert"))
    assert found == Recorded(
        (
            MarkSent(1, "r", NEVER_MS, delivered=False, proof=None),
            DropRecall(0),
            Withdraw(2, "reached by phone"),
        ),
        Count.SENT,
    )


def test_a_service_that_can_be_asked_is_asked_and_takes_older_ones_back() -> None:
    found = after(JobKind.SEND, Sent("r"), CLAIMED, sent(0, recall_ms=NOW), moment=FOLLOWED)
    assert found.changes == (MarkSent(1, "r", NOW + MINUTE_MS, delivered=False, proof=None),)


def test_a_rehearsal_keeps_its_proof() -> None:
    test = CLAIMED._replace(notice_id=0, purpose=Purpose.REHEARSAL)
    found = after(JobKind.SEND, "came back", test)
    assert found.changes == (MarkSent(1, "", NEVER_MS, delivered=False, proof="came back"),)


@pytest.mark.parametrize(("attempt", "wait_s"), [(1, 2), (2, 4), (8, 256), (9, 300), (99, 300)])
def test_waits_grow_from_try_to_try(attempt: int, wait_s: int) -> None:
    found = after(JobKind.SEND, Retryable("no"), CLAIMED._replace(attempt=attempt))
    step = f"no; again in {wait_s} s"
    assert found == Recorded((Retry(1, NOW + wait_s * 1000, "no", step),), Count.RETRIED, wait_s)


def test_a_service_may_ask_for_a_longer_wait() -> None:
    (retry,) = after(JobKind.SEND, Retryable("no", 600), CLAIMED).changes
    assert retry == Retry(1, NOW + 600_000, "no", "no; again in 600 s")


def test_what_cannot_help_or_takes_too_long_is_given_up() -> None:
    old = CLAIMED._replace(due_ms=NOW - 3_600_001)
    assert after(JobKind.SEND, Permanent("no"), CLAIMED) == Recorded((Fail(1, "no"),), Count.FAILED)
    assert after(JobKind.SEND, Retryable("no"), old) == Recorded((Fail(1, "no"),), Count.FAILED)


def test_a_failure_of_what_was_called_off_meanwhile_is_no_failure() -> None:
    recalled = CLAIMED._replace(recall_ms=NOW)
    replaced = CLAIMED._replace(next_ms=NEVER_MS)
    for error in (Permanent("no"), Retryable("no")):
        found = after(JobKind.SEND, error, recalled)
        assert found == Recorded((Withdraw(1, "it is over or answered"),), again_s=0.0)
        found = after(JobKind.SEND, error, replaced)
        assert found == Recorded((Withdraw(1, "a newer word replaces it"),), again_s=0.0)


def test_a_recall_is_tried_again_for_four_hours() -> None:
    young, old = sent(1, recall_ms=NOW), sent(1, recall_ms=NOW, sent_ms=NOW - 4 * 3_600_000)
    assert after(JobKind.RECALL, None, old).changes == (MarkRecalled(1, "taken back"),)
    again = Recall(1, NOW + MINUTE_MS)
    assert after(JobKind.RECALL, Retryable("no"), young).changes == (again,)
    given_up = MarkRecalled(1, "not taken back: no", failed=True)
    assert after(JobKind.RECALL, Retryable("no"), old).changes == (given_up,)
    assert after(JobKind.RECALL, WrongAnswer("no"), young).changes == (given_up,)


@pytest.mark.parametrize(
    ("outcome", "state", "expected"),
    [
        (Progress.WAITING, DeliveryState.SENT, (NOW + MINUTE_MS, False)),
        (Progress.DELIVERED, DeliveryState.SENT, (NOW + MINUTE_MS, True)),
        (Progress.DELIVERED, DeliveryState.DELIVERED, (NOW + MINUTE_MS, False)),
        (Progress.ANSWERED, DeliveryState.SENT, (NOW + MINUTE_MS, False)),  # until it is stored
        (Progress.OVER, DeliveryState.SENT, (NEVER_MS, False)),
        (Retryable("no"), DeliveryState.SENT, (NOW + MINUTE_MS, False)),
        # A person has answered while the service was asked.
        (Progress.DELIVERED, DeliveryState.ANSWERED, (NOW + MINUTE_MS, False)),
    ],
)
def test_a_service_is_asked_until_it_has_no_more_to_say(
    outcome: Any, state: DeliveryState, expected: tuple[int, bool]
) -> None:
    found = after(JobKind.FOLLOW, outcome, sent(1, state=state), moment=FOLLOWED)
    next_ms, delivered = expected
    assert found == Recorded((MarkFollowed(1, next_ms, delivered=delivered),))


# ---- what is started


def start(delivery: Delivery, *others: Delivery, kind: JobKind = JobKind.SEND) -> Any:
    return before_start(Due(kind, delivery), (delivery, *others), NOW, withdraws=False)


def test_a_push_is_claimed_before_it_is_sent() -> None:
    assert start(row(1)) == Claim(1, again=False)
    assert start(CLAIMED) == Claim(1, again=True)


def test_what_reached_the_person_on_another_channel_is_not_sent() -> None:
    reached = Withdraw(1, "another channel has reached the person")
    assert start(row(1), sent(2, channel="sms", rank=1)) == reached
    assert start(row(1), sent(2, "bert", channel="sms", rank=1)) == Claim(1, again=False)
    assert start(row(1), sent(2, rank=1, notice_id=2)) == Claim(1, again=False)


def test_old_information_is_not_sent_and_an_old_alert_is() -> None:
    hour_ago = NOW - 3_600_000
    assert start(row(1, purpose=Purpose.INFO, due_ms=hour_ago)) == Withdraw(1, "too late to matter")
    assert start(row(1, due_ms=hour_ago)) == Claim(1, again=False)


def test_what_cannot_be_taken_back_stays_on_the_phone() -> None:
    assert start(sent(1, recall_ms=NOW), kind=JobKind.RECALL) == DropRecall(1)


def test_each_person_has_one_job_of_an_alert_at_a_time() -> None:
    due = [Due(JobKind.SEND, row(n, who)) for n, who in enumerate(("anna", "anna", "bert", "cleo"))]
    asked: list[int] = []

    def read(most: int) -> list[Due]:
        asked.append(most)
        return due[:most]

    room = Room(5, [Due(JobKind.SEND, row(9, "cleo"))], stuck=False)
    assert [one.delivery.id for one in choose(read, room, first=2)] == [0, 2]
    assert asked == [2, 512]  # two rows were not enough
    assert choose(read, room._replace(free=0), first=2) == []
