"""Protocols for notification channels: a channel is one file and one entry-point line.

Every channel has `send`. A channel shows its other abilities by having the method of a protocol:
`Withdraws`, `Follows`, `Rehearses`, `Keeps`, `Speaks`. Several threads use a channel at once.
"""

from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import entry_points
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable

from legwatch.alerting.notice import TransitionKind
from legwatch.conditions.verdict import Severity
from legwatch.contract.bedside_command import Command, CommandResult
from legwatch.errors import CannotRun, LegwatchError, SettingsError
from legwatch.oncall.escalation import Purpose
from legwatch_server.settings import ServerSettings


class PushButton(NamedTuple):
    """A button of a push; pressing it sends a POST without a body to `url`."""

    label: str  # in the recipient's language
    url: str


@dataclass(frozen=True, slots=True)
class Push:
    """One message to one person on one channel."""

    id: int  # of the delivery: the same at every attempt, so a channel can detect repeats
    to: str  # the recipient's address on this channel; empty: the channel's own default
    thread: str  # the same for all pushes of one episode to one person; [a-z0-9-]{1,40}
    bed: str
    clock: str  # local time of the decision, such as 02:41
    title: str
    text: str
    severity: Severity
    transition: TransitionKind
    purpose: Purpose
    buttons: tuple[PushButton, ...] = ()
    page: str = ""  # URL of a page with all actions, for channels without buttons
    again: bool = False  # it may have been sent before a crash


class PushError(LegwatchError):
    """A push failed; every such error is a Permanent or a Retryable."""


class Permanent(PushError):  # noqa: N818 - "raise Permanent" reads well
    """A retry cannot help: wrong token, unknown recipient, message refused."""


class Retryable(PushError):  # noqa: N818
    """A retry may help: service not reachable, too many requests, fault of the service."""

    def __init__(self, why: str, retry_after_s: float | None = None) -> None:
        super().__init__(why)
        self.retry_after_s = retry_after_s


class Progress(StrEnum):
    """State of a push, as the service reports it."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    ANSWERED = "answered"  # acknowledged in the service's own app
    OVER = "over"  # the service will report nothing more


class Sent(NamedTuple):
    """The service accepted a push.

    `receipt` is what `withdraw` and `progress` need, at most 200 bytes. `delivered` is True if the
    push is known to have arrived.
    """

    receipt: str = ""
    delivered: bool = False


class Notifier(Protocol):
    """One channel; `send` may block until the channel's own timeout."""

    def send(self, push: Push) -> Sent:
        """Send a push; raises Permanent or Retryable."""


@runtime_checkable
class Withdraws(Protocol):
    """A channel that can remove a push from the phone, or switch off a lamp."""

    def withdraw(self, push: Push, receipt: str) -> None:
        """Withdraw a sent push; raises Permanent or Retryable."""


@runtime_checkable
class Follows(Protocol):
    """A channel that can report the progress of a push."""

    follow_every_s: float

    def progress(self, receipt: str) -> Progress:
        """Ask the service for the state of a push; raises Permanent or Retryable."""


@runtime_checkable
class Rehearses(Protocol):
    """A channel that can test its route without a sound."""

    def rehearse(self, push: Push) -> str:
        """Test the whole route silently; return the proof. Raises Permanent or Retryable."""


@runtime_checkable
class Keeps(Protocol):
    """A channel that stores a file of its own, such as a key."""

    def begin(self, folder: Path) -> None:
        """Create or load the file in the server's folder; called once, before the first push."""


class Asks(Protocol):
    """The server's broker connection, as a channel may use it."""

    def ask(self, bed: str, command: Command, timeout_s: float) -> CommandResult:
        """Return the agent's answer; raises Retryable if none comes within `timeout_s`."""


@runtime_checkable
class Speaks(Protocol):
    """A channel that sends commands to the bedside agents."""

    def speak_over(self, bedsides: Asks) -> None:
        """Use this broker connection; called once, before the first push."""


def open_channel(name: str, settings: ServerSettings, path: str) -> Notifier:
    """Return a new channel; raises SettingsError at `path` for an unknown name."""
    points = {point.name: point for point in entry_points(group="legwatch.notifiers")}
    if name not in points:
        known = ", ".join(sorted(points))
        raise SettingsError(path, f"no channel {name!r}; installed: {known}")
    try:
        kind = points[name].load()
    except ModuleNotFoundError as error:
        raise CannotRun(
            f"the channel {name} needs the package {error.name}: pip install 'legwatch[{name}]'"
        ) from None
    notifier: Notifier = kind(settings)
    return notifier


def open_channels(settings: ServerSettings) -> dict[str, Notifier]:
    """Return every channel that the settings name; raises SettingsError for an unknown name."""
    return {
        name: open_channel(name, settings, path) for name, path in settings.channel_names().items()
    }
