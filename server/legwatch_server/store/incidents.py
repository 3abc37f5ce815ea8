"""Reads past alerts: the notices of each, with their deliveries and answers."""

import sqlite3
from datetime import date, tzinfo
from typing import Any

from legwatch.alerting.notice import Notice, TransitionKind
from legwatch.events import AlertKind, FactKind
from legwatch.night import night_of, noons_ms
from legwatch_server.store.delivery import DeliveryState
from legwatch_server.store.notices import COLUMNS, NAME, notice_of
from legwatch_server.store.records import AnswerRecord, DeliveryStep, Incident, NoticeRecord

_NOTICES = (
    f"SELECT n.id, {NAME}, n.who, n.text, {COLUMNS} FROM notices n"
    " LEFT JOIN beds b ON b.id = n.bed_id"
    " WHERE n.bed_id=? AND n.kind=? AND coalesce(n.episode_ms, n.id)=? ORDER BY n.id"
)
_NEWEST = (
    "SELECT coalesce(episode_ms, id) FROM notices WHERE bed_id=? AND kind=?"
    " ORDER BY coalesce(episode_ms, id) DESC LIMIT 1"
)
_OF_EPISODE = (
    f"SELECT {COLUMNS} FROM notices n"
    " WHERE n.bed_id=? AND n.kind=? AND coalesce(n.episode_ms, n.id)=? ORDER BY n.id"
)
_NAMES_IT = (TransitionKind.FIRED, TransitionKind.ESCALATED, TransitionKind.RENOTIFIED)
_STEPS = (
    "SELECT s.at_ms, d.person, d.channel, d.tone, s.state, s.attempt, s.reason, d.id FROM steps s"
    " JOIN deliveries d ON d.id = s.delivery_id WHERE d.notice_id = ? ORDER BY s.id"
)
_ANSWERS = (
    "SELECT a.at_ms, a.person, a.act, a.minutes, a.via FROM answers a JOIN notices n"
    " ON n.id = a.notice_id WHERE n.bed_id=? AND n.kind=? AND coalesce(n.episode_ms, n.id)=?"
    " ORDER BY a.id"
)
_LAST = "SELECT at_ms FROM notices WHERE at_ms > 0 AND kind <> ? ORDER BY at_ms DESC LIMIT 1"


def of_night(
    db: sqlite3.Connection, night: date, zone: tzinfo, bed: str | None = None
) -> list[Incident]:
    """Return the alerts with a notice from noon to noon, ordered by their first notice."""
    rows = db.execute(
        "SELECT DISTINCT n.bed_id, n.kind, coalesce(n.episode_ms, n.id) FROM notices n"
        " LEFT JOIN beds b ON b.id = n.bed_id"
        " WHERE n.at_ms>=? AND n.at_ms<? AND (? IS NULL OR b.name=?)",
        (*noons_ms(night, zone), bed, bed),
    ).fetchall()
    return sorted((_incident(db, *row) for row in rows), key=lambda episode: episode.id)


def of_notice(db: sqlite3.Connection, ident: int) -> Incident | None:
    """Return the alert that a notice belongs to; None if there is no such notice."""
    row = db.execute(
        "SELECT bed_id, kind, coalesce(episode_ms, id) FROM notices WHERE id=?", (ident,)
    ).fetchone()
    return _incident(db, *row) if row else None


def of_episode(
    db: sqlite3.Connection, bed_id: int, kind: AlertKind, episode_ms: int
) -> Incident | None:
    """Return the alert of a bed that fired at `episode_ms`; None: no notice of it is kept."""
    key = (bed_id, kind.value, episode_ms)
    return _incident(db, *key) if db.execute(_OF_EPISODE, key).fetchone() else None


def standing(db: sqlite3.Connection, bed_id: int, kind: AlertKind) -> Notice | None:
    """Return the last notice that names what stands of a bed's alert; None: none stands."""
    newest = db.execute(_NEWEST, (bed_id, kind.value)).fetchone()
    if newest is None:
        return None
    rows = db.execute(_OF_EPISODE, (bed_id, kind.value, *newest)).fetchall()
    notices = [notice_of(row) for row in rows]
    if any(one.transition is TransitionKind.RESOLVED for one in notices):
        return None
    return next((one for one in reversed(notices) if one.transition in _NAMES_IT), None)


def last_night(db: sqlite3.Connection, zone: tzinfo) -> date | None:
    """Return the last night with a notice; None: there is none.

    That the room is cold before bed is no news of a night: it belongs to the evening that is now.
    """
    row = db.execute(_LAST, (FactKind.ROOM.value,)).fetchone()
    return None if row is None else night_of(row[0], zone)


def _incident(db: sqlite3.Connection, bed_id: int, kind: str, key: int) -> Incident:
    rows = db.execute(_NOTICES, (bed_id, kind, key)).fetchall()
    answers = db.execute(_ANSWERS, (bed_id, kind, key)).fetchall()
    return Incident(
        bed_id,
        bed=rows[0][1],
        notices=tuple(_notice_record(db, row) for row in rows),
        answers=tuple(AnswerRecord._make(row) for row in answers),
    )


def _notice_record(db: sqlite3.Connection, row: tuple[Any, ...]) -> NoticeRecord:
    ident, _, who, text, *fields = row
    steps = tuple(_step(step) for step in db.execute(_STEPS, (ident,)))
    return NoticeRecord(ident, who, notice_of(fields), text, steps)


def _step(row: tuple[Any, ...]) -> DeliveryStep:
    return DeliveryStep._make((*row[:4], DeliveryState(row[4]), *row[5:]))
