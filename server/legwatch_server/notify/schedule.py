"""Which deliveries a channel works on now: an alert comes first, and waits for no take-back."""

from collections.abc import Callable, Sequence
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
        """Two jobs with the same key never run at the same time, but a push beside a recall."""
        return self.delivery.person, self.delivery.bed_id, self.delivery.kind

    @property
    def alerts(self) -> bool:
        """True for a push of an alert."""
        told = self.delivery.purpose in (Purpose.LOUD, Purpose.QUIET)
        return told and self.kind is JobKind.SEND


class Room(NamedTuple):
    """What a channel can begin beside what is in flight."""

    free: int  # workers; a recall has one of its own
    flying: Sequence[Due]
    stuck: bool  # its recalls hang


def waiting(store: OutboxStore, now_ms: int, most: int, *, follows: bool) -> list[Due]:
    """Return what is due on a channel, at most `most` of each kind; `follows`: it can be asked."""
    asked = store.to_follow(now_ms, most) if follows else ()
    found = [
        *(Due(JobKind.RECALL, delivery) for delivery in store.to_recall(now_ms, most)),
        *(Due(JobKind.SEND, delivery) for delivery in store.to_send(now_ms, most)),
        *(Due(JobKind.FOLLOW, delivery) for delivery in asked),
    ]
    return sorted(found, key=lambda one: not one.alerts)


def choose(read: Callable[[int], Sequence[Due]], room: Room, first: int) -> list[Due]:
    """Return the jobs to start.

    `read` returns what is due, at most so many rows of each kind. The first few are usually enough,
    so it is asked for `first` before it is asked for MOST_ROWS.
    """
    found: list[Due] = []
    for most in (first, MOST_ROWS):
        due = read(most)
        found = startable(due, room)
        if sum(one.kind is not JobKind.RECALL for one in found) == room.free or len(due) < most:
            break
    return found


def startable(due: Sequence[Due], room: Room) -> list[Due]:
    """Return the first for each person and alert: one recall, and others for each free worker.

    A recall waits for a push of the same alert, which it could take back, too. A word without a
    sound waits for the recall, unless that hangs; an alert never does.
    """
    flying = {one.delivery.id for one in room.flying}
    taken = {one.key for one in room.flying if one.kind is not JobKind.RECALL}
    recalled = {one.key for one in room.flying if one.kind is JobKind.RECALL}
    free = {True: 0 if recalled else 1, False: room.free}  # True: for a recall
    if room.stuck:
        recalled.clear()
    found: list[Due] = []
    for one in due:
        recalls = one.kind is JobKind.RECALL
        held = not one.alerts and one.key in recalled
        if one.key in taken or held or one.delivery.id in flying:
            continue
        if not recalls:
            taken.add(one.key)
        elif not room.stuck:
            recalled.add(one.key)
        if free[recalls]:
            free[recalls] -= 1
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
