"""Test every channel of every person silently each evening; ask for a tap once a week."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import time
from pathlib import Path
from typing import NamedTuple

from legwatch.night import local, night_of
from legwatch.oncall.escalation import Purpose
from legwatch.oncall.people import DAYS, SLEEPER, on_call
from legwatch_server.settings import ServerSettings
from legwatch_server.store.deliveries import DeliveryTest

LATEST_H = 3  # after rehearsal.at; a server that starts later skips this evening's tests
CONFIRMED_D = 8
DAY_MS = 86_400_000


class TrialEnd(NamedTuple):
    """A bed whose trial nights are over, and nobody has been notified of this yet."""

    id: int
    name: str


class RouteStatus(NamedTuple):
    """State of one channel to one person; `good` is None until the first test."""

    person: str
    channel: str
    good: bool | None
    why: str
    at_ms: int | None


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
        duty = on_call(people, settings.roster, night, bed.name)
        found += [
            DeliveryTest(name, people[name].channels[0], Purpose.INFO, bed.id)
            for name in dict.fromkeys((*sleepers, *duty))
        ]
    return found


def plan_evening(
    settings: ServerSettings, now_ms: int, last: str, beds: Iterable[TrialEnd]
) -> tuple[str, list[DeliveryTest]] | None:
    """Return this evening's ISO date and tests once they are due; `last` as in `evening_due`."""
    tonight = evening_due(settings, now_ms, last)
    if tonight is None:
        return None
    return tonight, [*delivery_tests(settings, now_ms), *trial_end_tests(settings, now_ms, beds)]


def route_statuses(path: Path, settings: ServerSettings, now_ms: int) -> list[RouteStatus]:
    """Return the state of every channel to every person; raises sqlite3.Error."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        found = [
            _route_status(db, name, channel, now_ms)
            for name, person in settings.everybody().items()
            for channel in dict.fromkeys((*person.channels, *person.quiet))
        ]
        if settings.answers.url and settings.rehearsal.confirm:
            found += [_confirmation_status(db, name, now_ms) for name in settings.everybody()]
    return found


def _route_status(db: sqlite3.Connection, person: str, channel: str, now_ms: int) -> RouteStatus:
    row = db.execute(
        "SELECT d.state, d.sent_ms, d.error, d.decided_ms, (SELECT reason FROM steps s WHERE"
        " s.delivery_id=d.id AND s.state='sent') FROM deliveries d WHERE d.person=? AND d.channel=?"
        " AND d.tone='rehearsal' ORDER BY d.id DESC LIMIT 1",
        (person, channel),
    ).fetchone()
    if row is None:
        return RouteStatus(person, channel, None, "not tried yet", None)
    state, sent_ms, error, decided_ms, proof = row
    if sent_ms is None:
        why = error or ("waits" if state == "decided" else state)
        return RouteStatus(person, channel, False, why, decided_ms)
    if now_ms - sent_ms > 2 * DAY_MS:
        return RouteStatus(person, channel, False, "not tried for two days", sent_ms)
    return RouteStatus(person, channel, bool(proof), proof or "cannot be tried in silence", sent_ms)


def _confirmation_status(db: sqlite3.Connection, person: str, now_ms: int) -> RouteStatus:
    row = db.execute(
        "SELECT max(at_ms) FROM answers WHERE act='awake' AND person=?", (person,)
    ).fetchone()
    if row[0] is None:
        return RouteStatus(person, "tap", False, "has never confirmed being woken", None)
    days = (now_ms - row[0]) // DAY_MS
    ago = {0: "today", 1: "yesterday"}.get(days, f"{days} days ago")
    return RouteStatus(person, "tap", days <= CONFIRMED_D, f"confirmed {ago}", row[0])
