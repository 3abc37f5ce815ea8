"""Which deliveries a channel works on now: withdrawals first, one job for each person and alert."""

from collections.abc import Callable, Collection, Sequence
from enum import Enum
from typing import NamedTuple

from legwatch.oncall.escalation import Purpose
from legwatch_server.store.changes import Change, Claim, DropRecall, Withdraw
from legwatch_server.store.delivery import Delivery, DeliveryState
from legwatch_server.store.port import OutboxStore

MOST_ROWS = 512  # read in one turn at most
TOO_LATE = "too late to matter"
REACHED = "another channel has reached the person"
BusyKey = tuple[str, int, str]  # person, bed, kind
# How long after its due time a push is still useful; one of an alert always is.
_LONGEST_S = {
    Purpose.REHEARSAL: 3600,
    Purpose.CONFIRM: 3600,
    Purpose.INFO: 1800,
}


class JobKind(Enum):
    """What a worker does with a delivery."""

    SEND = "send"
    RECALL = "recall"
    FOLLOW = "follow"


class Due(NamedTuple):
    """A delivery for which it is time to do something."""

    kind: JobKind
    delivery: Delivery

    @property
    def key(self) -> BusyKey:
        """Two jobs with the same key never run at the same time."""
        return self.delivery.person, self.delivery.bed_id, self.delivery.kind


def waiting(store: OutboxStore, now_ms: int, most: int, *, follows: bool) -> list[Due]:
    """Return what is due on a channel, at most `most` of each kind; `follows`: it can be asked."""
    asked = store.to_follow(now_ms, most) if follows else ()
    return [
        *(Due(JobKind.RECALL, delivery) for delivery in store.to_recall(now_ms, most)),
        *(Due(JobKind.SEND, delivery) for delivery in store.to_send(now_ms, most)),
        *(Due(JobKind.FOLLOW, delivery) for delivery in asked),
    ]


def choose(
    read: Callable[[int], Sequence[Due]], busy: Collection[BusyKey], free: int, first: int
) -> list[Due]:
    """Return at most `free` jobs to start.

    `read` returns what is due, at most so many rows of each kind. The first few are usually enough,
    so it is asked for `first` before it is asked for MOST_ROWS.
    """
    found: list[Due] = []
    for most in (first, MOST_ROWS) if free > 0 else ():
        due = read(most)
        found = _first_per_alert(due, busy, free)
        if len(found) == free or len(due) < most:
            break
    return found


def _first_per_alert(due: Sequence[Due], busy: Collection[BusyKey], free: int) -> list[Due]:
    """Return at most `free` jobs: the first for each person and alert that is not busy."""
    taken, found = set(busy), list[Due]()
    for one in due:
        if len(found) < free and one.key not in taken:
            taken.add(one.key)
            found.append(one)
    return found


def before_start(
    due: Due, related: Sequence[Delivery], now_ms: int, *, withdraws: bool
) -> Change | None:
    """Return what a job changes when it is started; None: nothing.

    `related` are the deliveries of the same alert; `withdraws`: the channel can take back. Only a
    Claim leaves something to send.
    """
    delivery = due.delivery
    match due.kind:
        case JobKind.RECALL:
            return None if withdraws else DropRecall(delivery.id)
        case JobKind.FOLLOW:
            return None
    if is_too_late(delivery, now_ms):
        return Withdraw(delivery.id, TOO_LATE)
    if _is_reached(delivery, related):
        return Withdraw(delivery.id, REACHED)
    return Claim(delivery.id, again=delivery.state is DeliveryState.CLAIMED)


def is_too_late(delivery: Delivery, now_ms: int) -> bool:
    """Return True if a push is too old to be useful."""
    longest_s = _LONGEST_S.get(delivery.purpose)
    return longest_s is not None and now_ms - delivery.due_ms > longest_s * 1000


def _is_reached(delivery: Delivery, related: Sequence[Delivery]) -> bool:
    """Return True if another channel has sent the same push to the person."""
    if not delivery.notice_id:
        return False
    return any(
        other.notice_id == delivery.notice_id
        and other.person == delivery.person
        and other.purpose is delivery.purpose
        and other.rank != delivery.rank
        and other.sent_ms is not None
        for other in related
    )
