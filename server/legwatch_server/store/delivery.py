"""A delivery: one push to one person on one channel, as a row of the outbox."""

from enum import StrEnum
from typing import NamedTuple

from legwatch.oncall.escalation import Purpose

NEVER_MS = 1 << 53  # a `next_ms` at which nothing more will be done


class DeliveryState(StrEnum):
    """What became of a delivery. A step has the same words, and RETRY."""

    DECIDED = "decided"
    CLAIMED = "claimed"  # from here on it may have been sent
    SENT = "sent"
    DELIVERED = "delivered"  # the service says that it has arrived
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"  # before it was sent, or taken back from the phone
    FAILED = "failed"
    RETRY = "retry"  # only of a step: an attempt failed, and the delivery is decided again


WAITING = (DeliveryState.DECIDED, DeliveryState.CLAIMED)  # not known to be sent
FOLLOWED = (DeliveryState.SENT, DeliveryState.DELIVERED)  # the service may tell more
# Of a step: by it a push has got through, or a try has failed.
GOT_THROUGH = (DeliveryState.SENT, DeliveryState.ANSWERED)
NOT_THROUGH = (DeliveryState.RETRY, DeliveryState.FAILED)
_AGAIN = "; again in "


def again_in(error: str, wait_s: float) -> str:
    """Return the reason of a step for a try that has failed, and is made again."""
    return f"{error}{_AGAIN}{wait_s:.0f} s"


def error_of(reason: str | None) -> str:
    """Return the error alone from the reason of a step."""
    return (reason or "").rsplit(_AGAIN, 1)[0]


class Episode(NamedTuple):
    """What belongs to one alert, from the time when it fired."""

    bed_id: int
    kind: str
    episode_ms: int


class Delivery(NamedTuple):
    """One push on one channel to one person. Times in UTC ms."""

    id: int
    notice_id: int  # 0: a push without a notice, such as a rehearsal
    bed_id: int
    kind: str
    episode_ms: int
    person: str
    channel: str
    rank: int
    purpose: Purpose
    state: DeliveryState
    attempt: int  # tries so far, finished or not
    decided_ms: int
    due_ms: int
    next_ms: int  # of the next try, or the next question to the service
    sent_ms: int | None
    receipt: str
    recall_ms: int | None

    @property
    def episode(self) -> Episode:
        """The alert that the delivery belongs to."""
        return Episode(self.bed_id, self.kind, self.episode_ms)

    @property
    def route(self) -> tuple[str, str]:
        """Person and channel."""
        return self.person, self.channel

    @property
    def unstarted(self) -> bool:
        """True if it is decided and was never tried."""
        return self.state is DeliveryState.DECIDED and not self.attempt

    @property
    def goes_at_once(self) -> bool:
        """True if it is to be tried for the first time, as soon as it was decided."""
        return self.unstarted and self.due_ms <= self.decided_ms
