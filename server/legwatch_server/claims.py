"""What an answer claims to be about, and what that is in the store."""

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from legwatch.contract.action import Action


class TargetKind(IntEnum):
    """The kind of thing that an answer refers to."""

    DELIVERY = 1  # one push to one person
    NOTICE = 2  # the command line answers a notice without a push
    BED = 3


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
