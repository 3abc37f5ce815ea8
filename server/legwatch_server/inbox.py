"""Everything that the writer thread may be told, already decoded.

The rim (the broker's thread, the web server, the outbox, a signal) decodes and checks, and puts one
of these values into the writer's queue. The writer never reads bytes.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from legwatch.conditions.verdict import Figures, Reason
from legwatch.contract.bedside_info import BedsideInfo
from legwatch.contract.press import Press
from legwatch.contract.request import Request as Asking
from legwatch.contract.told_at_bed import ToldAtBed
from legwatch.events import AlertKind, Window
from legwatch_server.claims import LinkClaims
from legwatch_server.rest import Rest
from legwatch_server.settings import ServerSettings


class Message(NamedTuple):
    """One message of the transport, as it came.

    `receipt` is the transport's own note of the message: the writer gives it back with `confirm`.
    None: there is nothing to confirm. `retained`: the broker has kept the message for an unknown
    time. `moved_ms`: by how much the server's time line had been moved when it came. `name`: its
    fingerprint, if it was made already.
    """

    topic: str
    payload: bytes
    arrived_ms: int
    receipt: object = None
    retained: bool = False
    moved_ms: int = 0
    name: bytes = b""


class WindowArrived(NamedTuple):
    """A bedside agent has measured a window."""

    bed: str
    window: Window
    message: Message


class PressArrived(NamedTuple):
    """Somebody has pressed the button at the bed."""

    bed: str
    press: Press
    message: Message


class ToldArrived(NamedTuple):
    """A bedside has told its sleeper something by itself, or what became of it."""

    bed: str
    told: ToldAtBed
    message: Message


class InfoArrived(NamedTuple):
    """A bedside agent tells what it is: version, sensors, clock, and the windows it has lost."""

    bed: str
    info: BedsideInfo
    message: Message


class StatusArrived(NamedTuple):
    """A bedside agent has come (`online`), or it or the broker says that it is gone."""

    bed: str
    online: bool
    message: Message


class RequestArrived(NamedTuple):
    """A program of the house asks for something."""

    bed: str
    request: Asking
    message: Message


class Unreadable(NamedTuple):
    """A message that does not decode, and why; `newer`: its version, if that is newer than ours."""

    message: Message
    why: str
    newer: int = 0


class Connected(NamedTuple):
    """The transport has a new connection; messages of the last one may come again."""


class SettingsChanged(NamedTuple):
    """New settings, already checked as a whole."""

    settings: ServerSettings


class SettingsLoaded(NamedTuple):
    """What is in force from now on, as commands shall see it: without secrets."""

    table: dict[str, Any]
    salt: str  # of what is hidden in the table
    file: str
    reload: str  # what to type so that the file is read again
    restart: str
    made_from: str = ""  # the owner's file, if `legwatch up` has made `file` from it
    machine_zone: str = ""  # as the server knows it; empty: it cannot be found
    ways: Mapping[str, str] = {}  # to the people, by "person/channel": a digest


class SettingsRefused(NamedTuple):
    """Settings were not taken over; the old ones stay."""

    why: str


class BedExpected(NamedTuple):
    """The settings declare a bed: somebody is to hear if no word ever comes from it."""

    bed: str


class BedDropped(NamedTuple):
    """The settings do not declare a bed any more of which no word has ever come."""

    bed: str


class BedRests(NamedTuple):
    """The settings let a bed rest, or have it watched again."""

    bed: str
    rest: Rest


class AgentUnseen(NamedTuple):
    """Nobody could see until now whether the bed's agent, which is off, has come back."""

    bed: str


class ServerFact(NamedTuple):
    """Something about the server itself that its people should hear, from any of its threads."""

    reason: Reason
    figures: Figures = ()


class Outcome(StrEnum):
    """The result of an answer."""

    DONE = "done"
    AGAIN = "again"  # a repeat of a stored answer, such as the retry of a phone
    USED = "used"
    OVER = "over"  # the alert to snooze has ended
    GONE = "gone"  # the delivery, notice or bed no longer exists


class Noted(NamedTuple):
    """What an answer was about: the sender is told it, to see at once if it was a wrong one."""

    bed: str = ""
    kind: AlertKind | None = None  # None: all alerts of the bed
    until: str = ""  # local time at which the quiet ends, such as 03:10; empty: no quiet
    over: bool = False  # the alert had ended before
    learns: bool = False  # in the first nights no alert on the sleeper makes a sound ...
    cold_sounds: bool = False  # ... but an urgent one on cold


def _nobody(_noted: Noted) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class ActionRequested:
    """An answer from a link, an app or the command line.

    `tell` and `reply` are called after the commit, in this order.
    """

    claims: LinkClaims
    token: bytes  # the link's signature, to detect a second use; empty: no link
    via: str
    arrived_ms: int
    reply: Callable[[Outcome], None]
    tell: Callable[[Noted], None] = _nobody


Arrived = (
    WindowArrived
    | PressArrived
    | ToldArrived
    | InfoArrived
    | StatusArrived
    | RequestArrived
    | Unreadable
)
OfTheServer = BedExpected | BedDropped | BedRests | AgentUnseen | ServerFact
Work = Arrived | ActionRequested | OfTheServer  # what one transaction stores
OfSettings = SettingsChanged | SettingsLoaded | SettingsRefused
Request = Work | Connected | OfSettings


def fingerprint(message: Message) -> bytes:
    """Return 8 bytes that name topic and payload: a copy of a message has the same."""
    return message.name or named(message.topic, message.payload)


def named(topic: str, payload: bytes) -> bytes:
    """Return the `name` of a message."""
    content = topic.encode("utf-8", "replace") + b"\0" + payload
    return hashlib.blake2b(content, digest_size=8).digest()


def renewed(work: Work, moved_ms: int) -> Work:
    """Return a piece of work with the name that the moment of its arrival has now.

    `moved_ms`: by how much the time line has been moved in all.
    """
    message = message_of(work)
    if message is None or message.moved_ms == moved_ms:
        return work
    arrived_ms = message.arrived_ms + moved_ms - message.moved_ms
    again = message._replace(arrived_ms=arrived_ms, moved_ms=moved_ms)
    match work:
        case WindowArrived() | PressArrived() | ToldArrived() | InfoArrived():
            return work._replace(message=again)
        case StatusArrived() | RequestArrived() | Unreadable():
            return work._replace(message=again)
    return work


_WITHOUT = frozenset({ActionRequested, BedExpected, BedDropped, BedRests, AgentUnseen, ServerFact})


def message_of(work: Work) -> Message | None:
    """Return the message that the work came in; None: it came by another way."""
    # By its type: each window asks three times, and `isinstance` takes three times as long.
    return None if type(work) in _WITHOUT else work.message  # type: ignore[union-attr]
