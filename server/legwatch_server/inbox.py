"""Answers to alerts on their way to the writer: from a link, an app or the command line."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import NamedTuple


class TargetKind(IntEnum):
    """The kind of thing that an answer refers to."""

    DELIVERY = 1  # one push to one person
    NOTICE = 2  # the command line answers a notice without a push
    BED = 3


class Action(StrEnum):
    """The answers that a person can give."""

    SEEN = "seen"
    SNOOZE = "quiet"
    NOT_USEFUL = "useless"
    AWAKE = "awake"  # the answer to "tap to confirm that you can be woken"
    PAGE = "page"  # no answer: the link only opens the page with the answers


class LinkClaims(NamedTuple):
    """The content of a signed link."""

    target: TargetKind
    id: int
    action: Action
    minutes: int
    expires_ms: int


@dataclass(frozen=True, slots=True)
class Target:
    """The bed, the notice and the person that a link's id refers to."""

    bed: str
    bed_id: int
    notice_id: int | None = None
    kind: str | None = None
    episode_ms: int | None = None
    person: str = ""


class Outcome(StrEnum):
    """The result of an answer."""

    DONE = "done"
    AGAIN = "again"  # a repeat of a stored answer, such as the retry of a phone
    USED = "used"
    OVER = "over"  # the alert to snooze has ended
    GONE = "gone"  # the delivery, notice or bed no longer exists


@dataclass(frozen=True, slots=True)
class ActionRequest:
    """An answer on its way to the writer thread, which calls `reply` after the commit."""

    claims: LinkClaims
    token: bytes  # the link's signature, to detect a second use; empty: no link
    via: str
    arrived_ms: int
    reply: Callable[[Outcome], None]
