"""Reads past alerts from the database: the notices, deliveries and answers."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, NamedTuple

from legwatch.alerting.notice import Notice
from legwatch.errors import CannotRun
from legwatch.night import night_of
from legwatch_server.store import schema
from legwatch_server.store.notices import notice_of

_NOTICES = (
    "SELECT n.id, n.bed_id, b.name, n.episode_ms, n.who, n.at_ms, n.kind, n.what, n.level,"
    " n.reason, n.held, n.line FROM notices n JOIN beds b ON b.id = n.bed_id"
)
_STEPS = (
    "SELECT s.at_ms, d.person, d.channel, d.tone, s.state, s.attempt, s.reason, d.id FROM steps s"
    " JOIN deliveries d ON d.id = s.delivery_id WHERE d.notice_id = ? ORDER BY s.id"
)
_ANSWERS = (
    "SELECT a.at_ms, a.person, a.act, a.minutes, a.via FROM answers a JOIN notices n"
    " ON n.id = a.notice_id WHERE n.bed_id=? AND n.kind=? AND coalesce(n.episode_ms, n.id)=?"
    " ORDER BY a.id"
)


class DeliveryStep(NamedTuple):
    """One change of one push."""

    at_ms: int
    person: str
    channel: str
    purpose: str
    state: str
    attempt: int
    reason: str | None
    delivery: int


class AnswerRecord(NamedTuple):
    """One person's answer; `minutes` is the length of a snooze."""

    at_ms: int
    person: str
    action: str
    minutes: int | None
    via: str


@dataclass(frozen=True, slots=True)
class NoticeRecord:
    """A stored notice, with the steps of its deliveries."""

    id: int
    who: str | None
    notice: Notice
    text: str
    steps: tuple[DeliveryStep, ...]


@dataclass(slots=True)
class Incident:
    """One alert with all its notices, from the first on."""

    bed_id: int
    bed: str
    notices: list[NoticeRecord] = field(default_factory=list)
    answers: list[AnswerRecord] = field(default_factory=list)

    @property
    def id(self) -> int:
        """The first notice's id, by which commands name the alert."""
        return self.notices[0].id


class LastSeen(NamedTuple):
    """When a bed's last window arrived, UTC ms; 0: never. `played`: from a recording."""

    bed: str
    seen_ms: int
    played: bool


@contextmanager
def open_read_only(folder: str) -> Iterator[sqlite3.Connection]:
    """Open the server's database read-only; raises CannotRun if that fails."""
    path = Path(folder) / "legwatch.db"
    if not path.exists():
        raise CannotRun(f"there is no {path}; has the server run with this state_dir?")
    try:
        db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)
        try:
            row = db.execute("SELECT value FROM meta WHERE key='schema'").fetchone()
            if row is None or int(row[0]) != schema.VERSION:
                raise CannotRun(
                    f"{path} was written by another version of legwatch; start the server once"
                )
            yield db
        finally:
            db.close()
    except sqlite3.Error as error:
        raise CannotRun(f"{path} cannot be read: {error}") from None


def incidents(
    db: sqlite3.Connection, night: date, zone: tzinfo, bed: str | None = None
) -> list[Incident]:
    """Return the alerts with a notice from noon to noon, ordered by their first notice."""
    noon = datetime(night.year, night.month, night.day, 12, tzinfo=zone)
    first_ms = int(noon.timestamp() * 1000)
    last_ms = int((noon + timedelta(days=1)).timestamp() * 1000)
    rows = db.execute(
        "SELECT DISTINCT n.bed_id, n.kind, coalesce(n.episode_ms, n.id) FROM notices n"
        " JOIN beds b ON b.id = n.bed_id"
        " WHERE n.at_ms>=? AND n.at_ms<? AND (? IS NULL OR b.name=?)",
        (first_ms, last_ms, bed, bed),
    ).fetchall()
    return sorted((_incident(db, *row) for row in rows), key=lambda episode: episode.id)


def incident(db: sqlite3.Connection, ident: int) -> Incident | None:
    """Return the alert that a notice belongs to; None if there is no such notice."""
    row = db.execute(
        "SELECT bed_id, kind, coalesce(episode_ms, id) FROM notices WHERE id=?", (ident,)
    ).fetchone()
    return _incident(db, *row) if row else None


def last_night(db: sqlite3.Connection, zone: tzinfo) -> date | None:
    """Return the last night with a notice; None if there are no notices."""
    row = db.execute("SELECT max(at_ms) FROM notices").fetchone()
    return None if row[0] is None else night_of(row[0], zone)


def last_seen(db: sqlite3.Connection) -> list[LastSeen]:
    """Return the last arrival of every bed, in order of name."""
    rows = db.execute("SELECT name, seen_ms, played FROM beds ORDER BY name")
    return [LastSeen(name, seen_ms, bool(played)) for name, seen_ms, played in rows]


def _incident(db: sqlite3.Connection, bed_id: int, kind: str, key: int) -> Incident:
    sql = (
        f"{_NOTICES} WHERE n.bed_id=? AND n.kind=? AND coalesce(n.episode_ms, n.id)=? ORDER BY n.id"
    )
    rows = db.execute(sql, (bed_id, kind, key)).fetchall()
    found = Incident(bed_id, rows[0][2])
    found.notices = [_notice_record(db, row) for row in rows]
    answers = db.execute(_ANSWERS, (bed_id, kind, key))
    found.answers = [AnswerRecord._make(row) for row in answers]
    return found


def _notice_record(db: sqlite3.Connection, row: tuple[Any, ...]) -> NoticeRecord:
    ident, _, _, _, who, *fields = row
    steps = tuple(DeliveryStep._make(step) for step in db.execute(_STEPS, (ident,)))
    return NoticeRecord(ident, who, notice_of(fields), json.loads(fields[-1])["text"], steps)
