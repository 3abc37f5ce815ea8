"""Read a bed's stored windows in the order of arrival, without late or recorded windows."""

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from legwatch.events import Window

_OF_THE_BED = "bed_id=? AND late=0 AND clock!='played'"
_WINDOW = (
    "moved_s, active_s, seq, from_ms, to_ms, mono_ms, clock, leg_c, leg_rh, room_c, room_rh,"
    " moves, in_bed"
)


class StoredSpan(NamedTuple):
    """End times of a bed's first and last stored window, UTC ms."""

    first_ms: int
    last_ms: int


def span(db: sqlite3.Connection, bed_id: int) -> StoredSpan | None:
    """Return the times of the first and the last window; None for a bed without windows."""
    sql = f"SELECT to_ms FROM windows WHERE {_OF_THE_BED} ORDER BY id"  # noqa: S608 - our own words
    first = db.execute(f"{sql} LIMIT 1", (bed_id,)).fetchone()
    last = db.execute(f"{sql} DESC LIMIT 1", (bed_id,)).fetchone()
    return StoredSpan(first[0], last[0]) if first and last else None


def first_id(db: sqlite3.Connection, bed_id: int, since_ms: int) -> int:
    """Return the first id after `since_ms`, 0 if none; reads from there skip older windows."""
    sql = f"SELECT id FROM windows WHERE {_OF_THE_BED} AND to_ms>? ORDER BY id LIMIT 1"  # noqa: S608 - our own words
    row = db.execute(sql, (bed_id, since_ms)).fetchone()
    return int(row[0]) if row else 0


def windows(db: sqlite3.Connection, bed_id: int, since_id: int) -> Iterator[Window]:
    """Yield the windows with `since_id` or a higher id."""
    sql = f"SELECT {_WINDOW}, faults FROM windows WHERE {_OF_THE_BED} AND id>=? ORDER BY id"  # noqa: S608 - our own words
    for moved_s, active_s, *fields, in_bed, faults in db.execute(sql, (bed_id, since_id)):
        mat = None if in_bed is None else bool(in_bed)
        yield Window._make(("", *fields, mat, _faults(faults), None, None, moved_s, active_s, ()))


def _faults(text: str | None) -> tuple[tuple[str, str], ...]:
    if not text:
        return ()
    pairs = (pair.partition(":") for pair in text.split(","))
    return tuple((sensor, fault) for sensor, _, fault in pairs)
