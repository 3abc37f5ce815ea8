"""Send a push to a person now, with a sound, by each of their channels, to hear the phone ring.

It uses the settings as they stand in the file, and needs no server. What is tried is not stored.
"""

from collections.abc import Iterator
from typing import NamedTuple

from legwatch.alerting.notice import TransitionKind
from legwatch.conditions.verdict import Severity
from legwatch.entry import place, reason
from legwatch.errors import LegwatchError, SettingsError
from legwatch.night import local
from legwatch.oncall.escalation import Purpose
from legwatch.oncall.people import Person
from legwatch_runtime.bounded_call import Hangs, call_within
from legwatch_runtime.catalogue import language_named
from legwatch_runtime.secrets import hide
from legwatch_server.notify.accepted import accepted
from legwatch_server.notify.channels import (
    Keeps,
    Notifier,
    Push,
    PushError,
    Rehearses,
    Speaks,
    build_channel,
    load_channel,
)
from legwatch_server.settings import ServerSettings

SENDS_WITHIN_S = 60.0  # somebody sits before it


class Try(NamedTuple):
    """What came of one channel."""

    sent: bool
    words: str


def try_all(settings: ServerSettings, name: str, now_ms: int) -> Iterator[str | Try]:
    """Yield each channel's name before it is tried, and then what came of it.

    Raises SettingsError for a person that the settings do not name.
    """
    people = settings.everybody()
    if name not in people:
        raise SettingsError("--push", f"there is no {name!r}; known: {', '.join(people)}")
    clock = f"{local(now_ms, settings.zone_of('')):%H:%M}"
    paths = settings.channel_names()
    for channel in dict.fromkeys((*people[name].channels, *people[name].quiet)):
        yield channel
        try:
            notifier = build_channel(load_channel(channel, paths[channel]), channel, settings)
        except LegwatchError as error:  # also a token that this user may not read
            yield Try(sent=False, words=f"NOT SENT: {hide(str(error))}")
        else:
            yield _tried(notifier, _push(name, people[name], channel, clock, now_ms))


def _tried(notifier: Notifier, push: Push) -> Try:
    if isinstance(notifier, Keeps | Speaks):
        silent = isinstance(notifier, Rehearses)
        how = "; it tries it each evening" if silent else ", and it cannot be tried in silence"
        return Try(sent=False, words=f"only the server can send by it{how}")
    try:
        key = f"try {id(notifier)}"  # of each one: none waits for another that hangs
        accepted(call_within(key, lambda: notifier.send(push), SENDS_WITHIN_S))
    except (PushError, Hangs) as error:
        return Try(sent=False, words=f"NOT SENT: {error}")
    except (Exception, SystemExit) as error:  # noqa: BLE001 - another package's code
        where = place(error, notifier.send)
        return Try(sent=False, words=f"NOT SENT: {hide(reason(error))}{where}")
    return Try(sent=True, words="sent; look whether it comes, and whether you hear it")


def _push(name: str, person: Person, channel: str, clock: str, now_ms: int) -> Push:
    _ = language_named(person.language).gettext
    return Push(
        id=now_ms,
        to=person.address.get(channel, ""),
        thread=f"try-{now_ms}",
        bed="",
        clock=clock,
        title=_("A test of legwatch"),
        text=_("A push with a sound comes like this. There is nothing to do."),
        severity=Severity.WARNING,
        transition=TransitionKind.FIRED,
        purpose=Purpose.LOUD,
        language=person.language,
        person=name,
    )
