"""Protocols for notification channels: a channel is one file and one entry-point line (README.md).

Every channel has `send`. A channel shows its other abilities by having the method of a protocol:
`Withdraws`, `Follows`, `Rehearses`, `Keeps`, `Speaks`. Several threads use a channel at once.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar, runtime_checkable

from legwatch.alerting.notice import SuppressedBy, TransitionKind
from legwatch.conditions.verdict import Severity
from legwatch.contract.bedside_command import Command, CommandResult
from legwatch.entry import reason
from legwatch.errors import CannotRun, LegwatchError, OptionError, SettingsError
from legwatch.oncall.escalation import Purpose
from legwatch.options import check_methods
from legwatch.printable import shown
from legwatch.settings import Form, no_such_key
from legwatch_runtime import plugins
from legwatch_runtime.bounded_call import call_within
from legwatch_runtime.calls import Call
from legwatch_runtime.secrets import hide
from legwatch_server.settings import CHANNELS, ServerSettings

EXTRAS = ("apprise", "webpush")  # channels whose library is an extra of legwatch
METHODS = ("send",)  # what every channel has
ABILITIES = ("withdraw", "progress", "rehearse", "begin", "speak_over")  # what some have beside
STARTS_WITHIN_S = 20.0  # a channel sends nothing at its start
LONGEST_FOLLOW_S = 3600
MOST_WHY = 300  # characters of what a failed push says
N = TypeVar("N")


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
    language: str = "en"  # of the person: title, text and labels are written in it
    person: str = ""  # the recipient's name in the settings
    suppressed_by: SuppressedBy | None = None  # why the notice makes no sound, or none yet


class PushError(LegwatchError):
    """A push failed; every such error is a Permanent or a Retryable.

    It shows no secret. It is one line for a terminal, though a service may answer with a page.
    """

    def __init__(self, why: str) -> None:
        super().__init__(shown(" ".join(hide(str(why)).split()), MOST_WHY))


class Permanent(PushError):  # noqa: N818 - "raise Permanent" reads well
    """A retry cannot help: wrong token, unknown recipient, message refused."""


class Retryable(PushError):  # noqa: N818
    """A retry may help: service not reachable, too many requests, fault of the service."""

    def __init__(self, why: str, retry_after_s: float | None = None) -> None:
        super().__init__(why)
        self.retry_after_s = retry_after_s


class Exhausted(Retryable):
    """The service takes no more messages for now: the next way is tried at once, this one later."""


class CannotStart(CannotRun):
    """A channel cannot start here or now; the settings may be right."""

    def __init__(self, channel: str, why: str) -> None:
        super().__init__(why)
        self.channel = channel


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


class ChannelKind(Protocol):
    """What an entry point names: the class of a channel.

    Raise OptionError for a wrong option, SettingsError with the path of a recipient for a wrong
    address, CannotRun if a later try may succeed. The server puts the path of the table before the
    key of an OptionError.
    """

    Options: type[Any]  # its keys, a frozen dataclass of `legwatch.settings.setting`

    def __call__(self, options: Any, context: "ChannelContext") -> "Notifier":
        """Return the channel, without a word to the service. Import its libraries only here."""


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


@dataclass(frozen=True, slots=True)
class Recipient:
    """A person who gets pushes on a channel."""

    name: str
    address: str  # on this channel; empty: the channel's own default
    path: str  # the settings key of the address, for errors
    named: bool  # False: the settings name nobody, so this is the only person


@dataclass(frozen=True, slots=True)
class ChannelContext:
    """What a channel may know beside its own options."""

    recipients: tuple[Recipient, ...]
    workers: int  # pushes that the channel may have to send at the same time

    def check_addresses(
        self, default: str, key: str, problem: str, form: Form | None = None
    ) -> None:
        """Raise SettingsError for a person without an address, unless there is a `default`.

        `key` is the option whose value `default` is. `form` says what is wrong with an address.
        """
        for person in self.recipients:
            wrong = form(person.address) if form and person.address else ""
            if wrong:
                raise SettingsError(person.path, wrong)
            if not (person.address or default):
                if person.named:
                    raise SettingsError(person.path, problem)
                raise OptionError(key, problem)


def open_channels(settings: ServerSettings) -> dict[str, Notifier]:
    """Return every channel that the settings use; check the tables of the others, too.

    Raises SettingsError for an unknown name or a wrong key, CannotRun if one cannot start now.
    """
    check_unused(settings)
    return {
        name: build_channel(load_channel(name, path), name, settings)
        for name, path in settings.channel_names().items()
    }


def check_unused(settings: ServerSettings, *, broken_too: bool = True) -> None:
    """Check what no channel in use reads: other tables, other addresses; raises SettingsError.

    With `broken_too` it also raises CannotLoad for a package that cannot be used.
    """
    used = settings.channel_names()
    for person, found in settings.people.items():
        for name in found.address:
            if name not in used and not plugins.is_installed(CHANNELS, name):
                installed = plugins.names(CHANNELS)
                raise no_such_key(f"people.{person}.address.{name}", installed)
    for name, table in settings.push.options.items():
        if name in used:
            continue
        try:
            _options(load_channel(name, f"push.{name}"), name, table)
        except plugins.CannotLoad:
            if broken_too:
                raise


def load_channel(name: str, path: str) -> Callable[..., Notifier]:
    """Return the class of a channel.

    Raises SettingsError at `path` for an unknown name, CannotLoad if its package is broken.
    """
    channel: Callable[..., Notifier] = plugins.load(CHANNELS, name, path, "channel", METHODS)
    return channel


def build_channel(kind: Callable[..., N], name: str, settings: ServerSettings) -> N:
    """Return a new channel with its options and its recipients; raises SettingsError."""
    path = f"push.{name}"
    check_methods(kind, METHODS, path)
    table, context = given(name, settings)
    options = _options(kind, name, table)
    if stranger := plugins.whose(CHANNELS, name):
        plugins.begins(f"{path}: starting channel {name!r}{stranger}")
    try:
        start = partial(kind, options, context)
        made: N
        if stranger:
            noted = Call(f"channel {name!r}{stranger}", "starting")
            made = plugins.first_apart(_key(kind), start, STARTS_WITHIN_S, noted)
        else:
            made = call_within(_key(kind), start, STARTS_WITHIN_S)
        _check_abilities(made)
    except ModuleNotFoundError as error:
        raise _lacking(name, error) from None
    except OptionError as error:
        raise error.under(path) from None
    except SettingsError:
        raise
    except (Exception, SystemExit) as error:
        whose = plugins.whose(CHANNELS, name)
        if isinstance(error, LegwatchError) and not whose:
            raise  # a shipped channel names itself
        said = " ".join(str(error).split()) if isinstance(error, LegwatchError) else ""
        why = hide(said or reason(error))
        raise CannotStart(name, f"{path}: the channel{whose} cannot start: {why}") from error
    return made


def channel_call(name: str, method: str) -> str:
    """Return the note of a call of another package's channel; empty for a shipped one."""
    whose = plugins.whose_loaded(CHANNELS, name)
    return f"channel {name!r}{whose}, in {method}" if whose else ""


def given(name: str, settings: ServerSettings) -> tuple[Mapping[str, Any], ChannelContext]:
    """Return what the settings say of a channel: its table, and what it may know beside that."""
    context = ChannelContext(tuple(_recipients(name, settings)), settings.push.workers)
    return settings.push.options.get(name, {}), context


def _options(kind: object, name: str, table: Mapping[str, Any]) -> Any:
    return plugins.read(CHANNELS, kind, ("channel", name), table, f"push.{name}")


def _key(kind: object) -> str:
    return f"{getattr(kind, '__module__', '')}.{getattr(kind, '__qualname__', kind)}"


def _check_abilities(made: object) -> None:
    """Raise TypeError for a channel that would be asked all the time or never, or cannot be called.

    None in the place of a method says that there is none.
    """
    for ability in ABILITIES:
        found = getattr(made, ability, None)
        if found is not None and not callable(found):
            raise TypeError(f"{ability} must be a method, not {found!r:.80}")
    if isinstance(made, Follows):
        every_s = made.follow_every_s
        if type(every_s) not in (int, float) or not 1 <= every_s <= LONGEST_FOLLOW_S:
            raise TypeError(f"follow_every_s must be 1 to {LONGEST_FOLLOW_S}, not {every_s!r}")


def _recipients(name: str, settings: ServerSettings) -> Iterator[Recipient]:
    for person, found in settings.everybody().items():
        if name in (*found.channels, *found.quiet):
            path = f"people.{person}.address.{name}"
            yield Recipient(person, found.address.get(name, ""), path, bool(settings.people))


def _lacking(name: str, error: ModuleNotFoundError) -> CannotStart:
    wanted = f"'legwatch[{name}]'" if name in EXTRAS else error.name
    needs = f"the channel {name}{plugins.whose(CHANNELS, name)} needs the package {error.name}"
    return CannotStart(name, f"{needs}: {sys.executable} -m pip install {wanted}")
