"""Test every channel of every person silently each evening; ask for a tap once a week."""

from collections.abc import Iterable
from datetime import time
from typing import NamedTuple
from zoneinfo import ZoneInfo

from legwatch.night import local, night_of
from legwatch.oncall.escalation import Purpose
from legwatch.oncall.people import DAYS, SLEEPER
from legwatch_server.notify.ways import way_name
from legwatch_server.on_duty import in_log_only, on_duty
from legwatch_server.settings import LOG_ONLY, ServerSettings
from legwatch_server.store.changes import Insert
from legwatch_server.store.delivery import WAITING, DeliveryState, Episode
from legwatch_server.store.port import Reader, WriterStore
from legwatch_server.store.records import FailedTries

LATEST_H = 3  # after rehearsal.at; a server that starts later skips this evening's tests
CONFIRMED_D = 8
DAY_MS = 86_400_000
STUCK_TRIES = 2  # the second one comes some seconds after the first
TAP = "tap"  # in the place of a channel: the weekly "I can be woken"
_IN_LOG = "it is the server's log, and wakes nobody: give a channel that reaches a phone"
_UNSENT = {
    DeliveryState.DECIDED: "waits",
    DeliveryState.CLAIMED: "the test has not come back yet",
}


class TrialEnd(NamedTuple):
    """A bed whose trial nights are over, and nobody has been notified of this yet."""

    id: int
    name: str


class DeliveryTest(NamedTuple):
    """One push of the rehearsal: to one person on one channel."""

    person: str
    channel: str
    purpose: Purpose
    bed_id: int = 0  # the bed whose end of trial nights the push announces; 0: none


class Evening(NamedTuple):
    """The rehearsal of one evening, by its ISO date."""

    date: str
    tests: tuple[DeliveryTest, ...]


class RouteStatus(NamedTuple):
    """State of one channel to one person; `good` is None until the first test."""

    person: str
    channel: str
    good: bool | None
    why: str
    at_ms: int | None
    stuck: bool = False  # the pushes of alerts do not get through


def evening_due(settings: ServerSettings, now_ms: int, last: str) -> str | None:
    """Return today's ISO date if its tests are due; `last` is the date of the latest tests."""
    if not settings.rehearsal.at:
        return None
    now, at = local(now_ms, settings.zone_of("")), time.fromisoformat(settings.rehearsal.at)
    minutes = (now.hour - at.hour) * 60 + now.minute - at.minute
    evening = now.date().isoformat()
    return evening if 0 <= minutes < LATEST_H * 60 and evening > last else None


def delivery_tests(settings: ServerSettings, now_ms: int) -> list[DeliveryTest]:
    """Return a silent test for every channel of every person, and this evening's taps."""
    day = DAYS[local(now_ms, settings.zone_of("")).weekday()]
    found = []
    for name, person in settings.everybody().items():
        channels = dict.fromkeys((*person.channels, *person.quiet))
        found += [DeliveryTest(name, channel, Purpose.REHEARSAL) for channel in channels]
        if day == settings.rehearsal.confirm and settings.answers.url:
            found.append(DeliveryTest(name, person.channels[0], Purpose.CONFIRM))
    return found


def trial_end_tests(
    settings: ServerSettings, now_ms: int, beds: Iterable[TrialEnd]
) -> list[DeliveryTest]:
    """Return messages that the trial nights are over, for sleepers and people on call."""
    people, found = settings.everybody(), []
    for bed in beds:
        night = night_of(now_ms, settings.zone_of(bed.name))
        sleepers = [n for n, p in people.items() if p.role == SLEEPER and p.watches(bed.name)]
        duty = on_duty(settings, night, bed.name)
        found += [
            DeliveryTest(name, people[name].channels[0], Purpose.INFO, bed.id)
            for name in dict.fromkeys((*sleepers, *duty))
        ]
    return found


def plan_evening(
    settings: ServerSettings, now_ms: int, last: str, beds: Iterable[TrialEnd]
) -> Evening | None:
    """Return this evening's tests once they are due; `last` as in `evening_due`."""
    tonight = evening_due(settings, now_ms, last)
    if tonight is None:
        return None
    tests = (*delivery_tests(settings, now_ms), *trial_end_tests(settings, now_ms, beds))
    return Evening(tonight, tests)


def rehearse(store: WriterStore, evening: Evening, now_ms: int) -> None:
    """Add an evening's tests to the outbox, and note the evening as rehearsed."""
    announced = frozenset(test.bed_id for test in evening.tests if test.bed_id)
    with store.transaction() as tx:
        tx.note_rehearsal(evening.date, announced)
        tx.apply(tuple(_insert(test, now_ms) for test in evening.tests), now_ms)


def _insert(test: DeliveryTest, now_ms: int) -> Insert:
    return Insert(
        notice_id=0,
        episode=Episode(test.bed_id, "", 0),
        person=test.person,
        channel=test.channel,
        rank=0,
        purpose=test.purpose,
        due_ms=now_ms,
    )


def route_statuses(reader: Reader, settings: ServerSettings, now_ms: int) -> list[RouteStatus]:
    """Return the state of every channel to every person; raises StoreError."""
    since = {name: way.since_ms for name, way in reader.ways().items()}
    zone, unreached = settings.zone_of(""), in_log_only(settings.everybody())
    found = [
        RouteStatus(name, channel, good=False, why=_IN_LOG, at_ms=None)
        if name in unreached and channel == LOG_ONLY
        else _route_status(
            reader, (name, channel), since.get(way_name(name, channel), 0), now_ms, zone
        )
        for name, person in settings.everybody().items()
        for channel in dict.fromkeys((*person.channels, *person.quiet))
    ]
    if settings.answers.url and settings.rehearsal.confirm:
        for name, person in settings.everybody().items():
            since_ms = since.get(way_name(name, person.channels[0]), 0)
            found.append(_confirmation_status(reader, name, since_ms, now_ms))
    return found


def _route_status(
    reader: Reader, way: tuple[str, str], since_ms: int, now_ms: int, zone: ZoneInfo
) -> RouteStatus:
    """Return the state of one channel to one person; `since_ms`: the way there is as it is now."""
    person, channel = way
    last = reader.last_test(person, channel)
    tested_ms = 0 if last is None else last.sent_ms or last.decided_ms
    failed = reader.failed_tries(person, channel, max(since_ms, tested_ms))
    if failed is not None and is_stuck(failed.state, failed.number):
        why = _why_stuck(failed, zone)
        return RouteStatus(person, channel, good=False, why=why, at_ms=failed.at_ms, stuck=True)
    if last is None:
        return RouteStatus(person, channel, good=None, why="not tried yet", at_ms=None)
    if last.decided_ms < since_ms:
        why = "not tried since it was changed"
        return RouteStatus(person, channel, good=None, why=why, at_ms=None)
    good, why, at_ms = False, "not tried for two days", last.sent_ms
    if last.sent_ms is None:
        why, at_ms = last.error or _UNSENT.get(last.state, last.state.value), last.decided_ms
    elif now_ms - last.sent_ms <= 2 * DAY_MS:
        good, why = bool(last.proof), last.proof or "cannot be tried in silence"
    return RouteStatus(person, channel, good, why, at_ms)


def is_stuck(push: DeliveryState, failed_tries: int) -> bool:
    """Return True if a push has not just stumbled: the first try of a service may do so."""
    return push is DeliveryState.FAILED or failed_tries >= STUCK_TRIES


def _why_stuck(failed: FailedTries, zone: ZoneInfo) -> str:
    if failed.state is DeliveryState.FAILED:
        return f"the last push has failed: {failed.error}"
    does = "does not get through" if failed.state in WAITING else "has not got through"
    since, last = local(failed.since_ms, zone), local(failed.at_ms, zone)
    at = f"{since:%H:%M}" if since.date() == last.date() else f"{since:%a %H:%M}"
    return f"the last push {does}: {failed.error} (tried {failed.number} times since {at})"


def _confirmation_status(reader: Reader, person: str, since_ms: int, now_ms: int) -> RouteStatus:
    at_ms = reader.confirmed_ms(person)
    good, why = False, "has never confirmed being woken"
    if at_ms is not None:
        days = (now_ms - at_ms) // DAY_MS
        ago = {0: "today", 1: "yesterday"}.get(days, f"{days} days ago")
        good, why = days <= CONFIRMED_D, f"confirmed {ago}"
        if at_ms < since_ms:
            good, why = False, f"{why}, before {person}'s first channel was changed"
    return RouteStatus(person, TAP, good, why, at_ms)
