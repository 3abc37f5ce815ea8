"""Changes: what shall become of deliveries, after a plan or an attempt, as a value.

Whoever decides makes Changes from the deliveries that the store has read, and the store applies
them in the same transaction. So every decision is a function of values, and the store decides
nothing.
"""

from typing import NamedTuple

from legwatch.oncall.escalation import Purpose
from legwatch_server.store.delivery import Episode


class Insert(NamedTuple):
    """Add a delivery that is due at `due_ms`."""

    notice_id: int
    episode: Episode
    person: str
    channel: str
    rank: int
    purpose: Purpose
    due_ms: int


class Withdraw(NamedTuple):
    """Nobody needs it any more."""

    id: int
    why: str


class Supersede(NamedTuple):
    """It is in flight and gets no more tries: a newer message replaces it."""

    id: int


class Recall(NamedTuple):
    """Take it back from the phone at `at_ms`; it was sent, or may have been."""

    id: int
    at_ms: int


class DropRecall(NamedTuple):
    """Leave it on the phone."""

    id: int


class Move(NamedTuple):
    """Make it due later, or earlier if `by_ms` < 0."""

    id: int
    by_ms: int
    why: str


class Hurry(NamedTuple):
    """Make it due now."""

    id: int


class Claim(NamedTuple):
    """A worker takes it in hand. `again`: it may have been sent before a crash."""

    id: int
    again: bool


class MarkSent(NamedTuple):
    """The service has taken it. `next_ms`: when to ask the service; `proof` of a rehearsal."""

    id: int
    receipt: str
    next_ms: int
    delivered: bool
    proof: str | None


class Retry(NamedTuple):
    """The attempt failed; try again at `next_ms`. `step` explains it in the delivery's story."""

    id: int
    next_ms: int
    why: str
    step: str


class Fail(NamedTuple):
    """Give it up."""

    id: int
    why: str


class MarkFollowed(NamedTuple):
    """The service was asked. `delivered`: it has just said that the push has arrived."""

    id: int
    next_ms: int
    delivered: bool


class MarkRecalled(NamedTuple):
    """It is off the phone, or stays there for good: it has `failed`."""

    id: int
    why: str
    failed: bool = False


class MarkAnswered(NamedTuple):
    """A person has answered it."""

    id: int
    why: str


Outcome = Retry | MarkSent | MarkFollowed | MarkRecalled | MarkAnswered
Change = Insert | Withdraw | Supersede | Recall | DropRecall | Move | Hurry | Claim | Fail | Outcome
Changes = tuple[Change, ...]  # in the order in which they are applied
