"""The doors for notification channels: a channel is one file and one entry-point line.

A channel must be able to `send`. What else it can do it says by having the method: `Withdraws`,
`Follows`, `Rehearses`, `Keeps`, `Speaks`. A channel is used by several threads at once.
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
    """A button of a push: a POST to `url` does it, without a body."""

    label: str  # in the recipient's language
    url: str


@dataclass(frozen=True, slots=True)
class Push:
    """What one person is told on one channel."""

    id: int  # of the delivery: the same at every attempt, so a channel may use it to tell twins
    to: str  # the recipient's address on this channel; empty: the channel's own default
    thread: str  # the same for all that concerns one episode and person; [a-z0-9-]{1,40}
    bed: str
    clock: str  # local time of the decision, such as 02:41
    title: str
    text: str
    severity: Severity
    transition: TransitionKind
    purpose: Purpose
    buttons: tuple[PushButton, ...] = ()
    page: str = ""  # address where all actions are offered, for channels without buttons
    again: bool = False  # it may have been sent before a crash


class PushError(LegwatchError):
    """A push did not go through; it is one of the two below."""


class Permanent(PushError):  # noqa: N818 - reads as what it is
    """Trying again cannot help: wrong token, unknown recipient, message refused."""


class Retryable(PushError):  # noqa: N818
    """It may go through later: not reachable, too many requests, a fault of the service."""

    def __init__(self, why: str, retry_after_s: float | None = None) -> None:
        super().__init__(why)
        self.retry_after_s = retry_after_s


class Progress(StrEnum):
    """How far a push has come, as the service tells."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    ANSWERED = "answered"  # acknowledged in the service's own app
    OVER = "over"  # nothing more will be heard of it


class Sent(NamedTuple):
    """The service took a push. `receipt`: what `withdraw` and `progress` need, at most 200 bytes.

    `delivered`: it is known to have arrived.
    """

    receipt: str = ""
    delivered: bool = False


class Notifier(Protocol):
    """One channel; `send` may block for its own timeout."""

    def send(self, push: Push) -> Sent:
        """Deliver; raises Permanent or Retryable."""


@runtime_checkable
class Withdraws(Protocol):
    """A channel that can take a push back, or put out a lamp."""

    def withdraw(self, push: Push, receipt: str) -> None:
        """Take back what was sent; raises Permanent or Retryable."""


@runtime_checkable
class Follows(Protocol):
    """A channel that can say what became of a push."""

    follow_every_s: float

    def progress(self, receipt: str) -> Progress:
        """Ask the service; raises Permanent or Retryable."""


@runtime_checkable
class Rehearses(Protocol):
    """A channel that can prove itself without a sound."""

    def rehearse(self, push: Push) -> str:
        """Go the whole way in silence; return what was proved. Raises Permanent or Retryable."""


@runtime_checkable
class Keeps(Protocol):
    """A channel that keeps something of its own, such as a key."""

    def begin(self, folder: Path) -> None:
        """Make or find it in the server's folder; called once, before the first push."""


class Asks(Protocol):
    """What the server lends a channel of its connection to the broker."""

    def ask(self, bed: str, command: Command, timeout_s: float) -> CommandResult:
        """Return the answer of a bed's agent; raises Retryable without one."""


@runtime_checkable
class Speaks(Protocol):
    """A channel that speaks to the agents at the beds."""

    def speak_over(self, bedsides: Asks) -> None:
        """Take the server's connection; called once, before the first push."""


def open_channel(name: str, settings: ServerSettings, path: str) -> Notifier:
    """Return a channel; raises SettingsError at `path` for an unknown one."""
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
    """Return the channels that the settings name; raises SettingsError for an unknown one."""
    return {
        name: open_channel(name, settings, path) for name, path in settings.channel_names().items()
    }
