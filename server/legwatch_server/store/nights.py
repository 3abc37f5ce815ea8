"""The nights that are summed up: once when a night is over, and again for windows that come late.

A roll-up is kept for ever. It is made anew only while all windows of its night are there.
"""

import json
import sqlite3
from collections.abc import Iterator
from datetime import date, tzinfo
from typing import NamedTuple

from legwatch.alerting.notice import TransitionKind
from legwatch.night import night_of, noons_ms
from legwatch_server.store import minutes
from legwatch_server.store.minutes import Minute, MinuteSums
from legwatch_server.store.records import Figures, NightSummary

_MARK = (
    "INSERT INTO nights (bed_id, night, from_ms, to_ms, stale, raw) VALUES (?,?,?,?,1,1)"
    " ON CONFLICT (bed_id, night) DO UPDATE SET stale=raw"
)
_STALE = (
    "SELECT bed_id, night, from_ms, to_ms FROM nights WHERE stale=1 AND to_ms<=? ORDER BY to_ms"
)
_NAMES = ", ".join(Figures._fields)
_WRITE = (
    "UPDATE nights SET stale=0, last_id=?, alerts=?, minutes=?,"
    f" {', '.join(f'{name}=?' for name in Figures._fields)} WHERE bed_id=? AND night=?"
)
_FIRED = (
    "SELECT kind, count(*) FROM notices WHERE bed_id=? AND at_ms>=? AND at_ms<?"
    f" AND what='{TransitionKind.FIRED}' GROUP BY kind ORDER BY kind"
)
_READ = (
    f"SELECT night, from_ms, to_ms, alerts, {_NAMES} FROM nights"
    " WHERE bed_id=? AND night>=? AND night<=? AND minutes IS NOT NULL ORDER BY night"
)


RollUp = tuple[object, ...]  # a row of `nights`, in the order of the statement


class NightKey(NamedTuple):
    """A bed's night: from noon to noon at the bed, UTC ms."""

    bed_id: int
    night: str  # ISO date of its first noon
    from_ms: int
    to_ms: int


def night_with(bed_id: int, at_ms: int, zone: tzinfo) -> NightKey:
    """Return the night of a moment."""
    night = night_of(at_ms, zone)
    return NightKey(bed_id, night.isoformat(), *noons_ms(night, zone))


def mark(db: sqlite3.Connection, key: NightKey) -> None:
    """Note that windows of a night are packed which its roll-up does not count yet."""
    db.execute(_MARK, key)


def stale(db: sqlite3.Connection, now_ms: int) -> list[NightKey]:
    """Return the nights that are over and are to be summed up, the oldest first."""
    return [NightKey._make(row) for row in db.execute(_STALE, (now_ms,))]


def counts(db: sqlite3.Connection, key: NightKey, window_id: int) -> bool:
    """Return True if a night's roll-up counts a window, or is to count it soon, or never can."""
    sql = "SELECT stale OR NOT raw OR last_id>=? FROM nights WHERE bed_id=? AND night=?"
    row = db.execute(sql, (window_id, key.bed_id, key.night)).fetchone()
    return bool(row and row[0])


def rolled(db: sqlite3.Connection, key: NightKey, sums: MinuteSums) -> Iterator[RollUp]:
    """Make the roll-up of a night, before anybody has to wait for it; yield it in the end.

    What it yields before that is empty: a place to rest.
    """
    found = sums.minutes()
    yield ()
    packed = minutes.packed(found)
    yield ()
    alerts = dict(db.execute(_FIRED, (key.bed_id, key.from_ms, key.to_ms)).fetchall())
    figures = minutes.figures(found, key.from_ms)
    yield (sums.last_id, json.dumps(alerts), packed, *figures, key.bed_id, key.night)


def store(db: sqlite3.Connection, roll_up: RollUp) -> None:
    """Store what `rolled` has made; the caller has a transaction."""
    db.execute(_WRITE, roll_up)


def between(db: sqlite3.Connection, bed_id: int, first: date, last: date) -> list[NightSummary]:
    """Return a bed's nights from one to another that are summed up, oldest first."""
    rows = db.execute(_READ, (bed_id, first.isoformat(), last.isoformat()))
    return [
        NightSummary(
            date.fromisoformat(night), from_ms, to_ms, json.loads(alerts), Figures._make(rest)
        )
        for night, from_ms, to_ms, alerts, *rest in rows
    ]


def minutes_of(db: sqlite3.Connection, bed_id: int, night: date) -> list[Minute]:
    """Return the minutes of a night; none if it is not summed up."""
    sql = "SELECT minutes FROM nights WHERE bed_id=? AND night=?"
    row = db.execute(sql, (bed_id, night.isoformat())).fetchone()
    return minutes.unpacked(row[0]) if row and row[0] is not None else []
