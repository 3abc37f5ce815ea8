"""What the outcome of a job changes: a value made from the outcome and the stored deliveries."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from legwatch.oncall.escalation import Purpose
from legwatch_server.notify.accepted import WrongAnswer
from legwatch_server.notify.channels import (
    Exhausted,
    Permanent,
    Progress,
    PushError,
    Retryable,
    Sent,
)
from legwatch_server.notify.next_person import given_up, next_way
from legwatch_server.notify.planner import SUPERSEDED
from legwatch_server.notify.schedule import JobKind
from legwatch_server.notify.worker import JobResult
from legwatch_server.store.changes import (
    Change,
    Changes,
    DropRecall,
    MarkFollowed,
    MarkRecalled,
    MarkSent,
    Recall,
    Retry,
    Withdraw,
)
from legwatch_server.store.delivery import NEVER_MS, Delivery, DeliveryState, again_in

FIRST_RETRY_S, LONGEST_RETRY_S = 2.0, 300.0
LONGEST_ASKED_S = 86_400.0
RECALL_TRIES_S = 60.0
FOLLOW_H = 4  # no service repeats a sound for longer
_CANCELLED = "it is over or answered"


class Count(StrEnum):
    """What the outbox counts for /health."""

    SENT = "sent"
    RETRIED = "retried"
    FAILED = "failed"
    AGAIN = "again"  # sent again, since it may have been sent before a crash


class Recorded(NamedTuple):
    """What to store of an outcome, and what to count."""

    changes: Changes
    counted: Count | None = None
    again_s: float | None = None  # until a failed push is tried again; None: it is given up


class Moment(NamedTuple):
    """What an outcome is judged by, beside the deliveries: the time and the channel's patience."""

    now_ms: int
    give_up_ms: float  # after the due time
    follow_every_s: float | None  # None: the service cannot be asked what became of a push


def record(result: JobResult, related: Sequence[Delivery], moment: Moment) -> Recorded:
    """Return what an outcome changes; `related` are the deliveries of its alert as they are now."""
    ident = result.job.delivery.id
    delivery = next((other for other in related if other.id == ident), None)
    if delivery is None:  # the store was made anew meanwhile, and does not know it
        return Recorded((), again_s=0.0)
    outcome = result.outcome
    if result.job.kind is JobKind.RECALL:
        error = outcome if isinstance(outcome, PushError) else None
        return Recorded((_recalled(delivery, error, moment),))
    if result.job.kind is JobKind.FOLLOW:
        return Recorded((_followed(delivery, outcome, moment),))
    if isinstance(outcome, PushError):
        return _failed(delivery, outcome, related, moment)
    accepted = outcome if isinstance(outcome, Sent) else Sent()
    proof = outcome if isinstance(outcome, str) and outcome else None
    sent = _mark_sent(delivery, accepted, proof, moment)
    return Recorded((sent, *_reached(delivery, related, moment)), Count.SENT)


def _recalled(delivery: Delivery, error: PushError | None, moment: Moment) -> Change:
    """Mark a push as taken back; after an error try each minute, for hours after it was sent."""
    age_ms = moment.now_ms - (delivery.sent_ms or delivery.due_ms)
    final = isinstance(error, WrongAnswer)  # the channel is wrong, and not its service
    if error is not None and not final and age_ms < FOLLOW_H * 3_600_000:
        return Recall(delivery.id, moment.now_ms + int(RECALL_TRIES_S * 1000))
    if error is not None:
        return MarkRecalled(delivery.id, f"not taken back: {error}", failed=True)
    return MarkRecalled(delivery.id, "taken back")


def _followed(delivery: Delivery, outcome: object, moment: Moment) -> Change:
    """Ask again until the answer is stored: until then it is only in memory."""
    next_ms = moment.now_ms + int((moment.follow_every_s or 60.0) * 1000)
    age_ms = moment.now_ms - (delivery.sent_ms or moment.now_ms)
    if outcome is Progress.OVER or age_ms > FOLLOW_H * 3_600_000:
        next_ms = NEVER_MS
    arrived = outcome is Progress.DELIVERED and delivery.state is DeliveryState.SENT
    return MarkFollowed(delivery.id, next_ms, delivered=arrived)


def _mark_sent(delivery: Delivery, accepted: Sent, proof: str | None, moment: Moment) -> MarkSent:
    every_s = moment.follow_every_s
    followed = every_s is not None and accepted.receipt and delivery.purpose is Purpose.LOUD
    return MarkSent(
        delivery.id,
        receipt=accepted.receipt,
        next_ms=moment.now_ms + int((every_s or 0) * 1000) if followed else NEVER_MS,
        delivered=accepted.delivered,
        proof=proof,
    )


def _reached(delivery: Delivery, related: Sequence[Delivery], moment: Moment) -> Iterator[Change]:
    """Yield what a sent push changes of the person's others of the same alert."""
    if not delivery.notice_id:
        return
    own = [d for d in related if d.person == delivery.person and d.id != delivery.id]
    # A service that is followed repeats the sound of an older push until the recall. Any other
    # would take the new push back with the old one.
    if moment.follow_every_s is None:
        for older in own:
            same = older.channel == delivery.channel and older.id < delivery.id
            if same and older.recall_ms is not None:
                yield DropRecall(older.id)
    for other in own:
        same = other.notice_id == delivery.notice_id and other.purpose is delivery.purpose
        if same and other.rank != delivery.rank and other.state is DeliveryState.DECIDED:
            yield Withdraw(other.id, f"reached by {delivery.channel}")


def _asked_s(error: Retryable) -> float:
    """Return the wait that a channel asks for; 0 for what is no number of seconds."""
    asked = error.retry_after_s
    usable = isinstance(asked, int | float) and 0 <= asked <= LONGEST_ASKED_S
    return float(asked) if asked and usable else 0.0


def _failed(
    delivery: Delivery, error: PushError, related: Sequence[Delivery], moment: Moment
) -> Recorded:
    if delivery.state is not DeliveryState.CLAIMED:
        return Recorded((), again_s=0.0)  # withdrawn or answered meanwhile: it must not come back
    if delivery.recall_ms is not None:
        return Recorded((Withdraw(delivery.id, _CANCELLED),), again_s=0.0)
    if delivery.next_ms >= NEVER_MS:
        return Recorded((Withdraw(delivery.id, SUPERSEDED),), again_s=0.0)
    now_ms = moment.now_ms
    if isinstance(error, Permanent) or now_ms - delivery.due_ms > moment.give_up_ms:
        return Recorded(given_up(delivery, related, str(error), now_ms), Count.FAILED)
    tries = delivery.attempt - 1  # before this one
    wait_s = min(LONGEST_RETRY_S, FIRST_RETRY_S * 2.0 ** min(tries, 12))
    if isinstance(error, Retryable):
        wait_s = max(wait_s, _asked_s(error))
    step = again_in(str(error), wait_s)
    retry = Retry(delivery.id, now_ms + int(wait_s * 1000), str(error), step)
    others = next_way(delivery, related, now_ms) if isinstance(error, Exhausted) else ()
    return Recorded((retry, *(others if not tries else ())), Count.RETRIED, wait_s)
