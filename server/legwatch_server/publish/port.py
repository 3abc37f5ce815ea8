"""What the writer tells other parts after each commit.

MQTT listens today. A page, Home Assistant and metrics listen in the same way: each is a `Listener`,
and the writer does not know them.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from legwatch.alerting.notice import Notice
from legwatch.contract.bedside_command import CommandResult
from legwatch.contract.confirmation import Stored
from legwatch.contract.request import Request
from legwatch.engine import BedState
from legwatch.limits.rules import Rules
from legwatch_server.rest import Rest


class BedUpdate(NamedTuple):
    """One bed after a commit; all parts are immutable, so that any thread may keep them."""

    bed: str
    state: BedState
    rules: Rules
    others: tuple[tuple[str, float], ...] = ()  # newest values of roles that nothing judges
    rest: Rest = Rest.WATCHED


class Confirmation(NamedTuple):
    """What is stored of one bed's agent: the agent may delete it."""

    bed: str
    stored: Stored


class Decided(NamedTuple):
    """A notice that was stored."""

    bed: str
    notice: Notice


class Result(NamedTuple):
    """The answer to a program's request, which is stored."""

    bed: str
    result: CommandResult


class Asked(NamedTuple):
    """A program asks for what is not of the store: a limit, which stands in the settings."""

    bed: str
    request: Request


class Committed(NamedTuple):
    """What one commit has changed; a bed with windows of an open minute only is no change yet."""

    beds: Sequence[BedUpdate] = ()
    confirmations: Sequence[Confirmation] = ()
    notices: Sequence[Decided] = ()
    results: Sequence[Result] = ()
    asked: Sequence[Asked] = ()


class Listener(Protocol):
    """A part that hears what was committed; the writer's thread calls it, so it must not wait."""

    def hear(self, committed: Committed) -> None:
        """Take in what a commit has changed."""

    def repeat(self, beds: Sequence[BedUpdate]) -> None:
        """Tell everything of these beds again: the other side may have missed it."""

    def turn(self) -> bool:
        """Do what waits; True: more waits, and `turn` wants to be called again soon."""
