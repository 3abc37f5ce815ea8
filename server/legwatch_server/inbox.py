"""What people may ask of the writer: an answer to an alert, from wherever it came."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import NamedTuple


class TargetKind(IntEnum):
    """What an answer is about."""

    DELIVERY = 1  # one push to one person
    NOTICE = 2  # for the command line, which needs no push
    BED = 3


class Action(StrEnum):
    """The answers."""

    SEEN = "seen"
    SNOOZE = "quiet"
    NOT_USEFUL = "useless"
    AWAKE = "awake"  # to "tap to confirm that you can be woken"
    PAGE = "page"  # no answer: only shows the others


class LinkClaims(NamedTuple):
    """What a link says."""

    target: TargetKind
    id: int
    action: Action
    minutes: int
    expires_ms: int


@dataclass(frozen=True, slots=True)
class Target:
    """What a link's number stands for."""

    bed: str
    bed_id: int
    notice_id: int | None = None
    kind: str | None = None
    episode_ms: int | None = None
    person: str = ""


class Outcome(StrEnum):
    """What became of an answer."""

    DONE = "done"
    AGAIN = "again"  # the phone's own retry of an answer that is noted
    USED = "used"
    OVER = "over"  # the alert that was to be quiet has ended
    GONE = "gone"  # what it was about is not here any more


@dataclass(frozen=True, slots=True)
class ActionRequest:
    """An answer on its way to the owner thread; `reply` is called once it is committed."""

    claims: LinkClaims
    token: bytes  # its signature, by which a second use is known; empty: cannot be used twice
    via: str
    arrived_ms: int
    reply: Callable[[Outcome], None]
