"""How much room the store takes, and for what: counted along indexes, the bytes from a sample."""

import sqlite3
from typing import NamedTuple

from legwatch_server.store import packs
from legwatch_server.store.records import Kept, Raw, Storage

_SAMPLE = 200  # of the newest rows
_AROUND = 1.3  # what the pages and the indexes of a table take beside its rows
# Of a value in a row, as SQLite writes it down; for `?` stands the name of its column.
_SIZE = (
    "CASE typeof(?) WHEN 'null' THEN 1 WHEN 'real' THEN 9 WHEN 'integer' THEN"
    " CASE WHEN ? IN (0, 1) THEN 1 WHEN abs(?) < 128 THEN 2 WHEN abs(?) < 32768 THEN 3"
    " WHEN abs(?) < 8388608 THEN 4 WHEN abs(?) < 2147483648 THEN 5 ELSE 7 END"
    " ELSE 1 + length(CAST(? AS BLOB)) END"
)
_TOLD = ("deliveries", "steps", "answers", "presses", "quarantine")
_PACKED = (
    "SELECT coalesce(sum(count), 0), sum(bytes), count(*), min(hour_ms), max(hour_ms) FROM packs"
)
_NIGHTS = "SELECT count(*), min(night), max(night) FROM nights"
_OLDEST = (
    "SELECT night, to_ms FROM nights WHERE raw=1 AND to_ms ="
    " (SELECT min(to_ms) FROM nights WHERE raw=1) LIMIT 1"
)


class _Table(NamedTuple):
    rows: int
    bytes: int


def storage(db: sqlite3.Connection) -> Storage:
    """Return what takes how much."""
    with packs.snapshot(db):
        page, pages, free = (
            int(db.execute(f"PRAGMA {name}").fetchone()[0])
            for name in ("page_size", "page_count", "freelist_count")
        )
        windows = _table(db, "windows")
        waiting = windows.rows - packs.overlap(db)
        rows, data, count, first_ms, last_ms = db.execute(_PACKED).fetchone()
        nights, first, last = db.execute(_NIGHTS).fetchone()
        noons, events = _table(db, "noons"), _table(db, "events")
        notices = _table(db, "notices")
        told = notices.bytes + sum(_about(db, name) for name in _TOLD)
        packed = round((data or 0) * 1.02) + 60 * count
        return Storage(
            file_bytes=page * pages,
            free_bytes=page * free,
            windows=Kept(waiting, windows.bytes),
            packed=Kept(rows, packed),
            nights=Kept(nights, _table(db, "nights").bytes),
            noons=Kept(noons.rows, noons.bytes + events.bytes),
            told=Kept(notices.rows, told),
            packed_ms=None if first_ms is None else (first_ms, last_ms + packs.HOUR_MS),
            nights_of=None if first is None else (first, last),
            oldest=_oldest(db),
        )


def _oldest(db: sqlite3.Connection) -> Raw | None:
    row = db.execute(_OLDEST).fetchone()
    return Raw._make(row) if row else None


def _table(db: sqlite3.Connection, name: str) -> _Table:
    """Return the number of rows, and about how many bytes they take."""
    rows = int(db.execute(f"SELECT count(*) FROM {name}").fetchone()[0])
    return _Table(rows, round(rows * _each(db, name)))


def _about(db: sqlite3.Connection, name: str) -> int:
    """Return about how many bytes a table takes of which nothing is deleted; counts nothing."""
    (rows,) = db.execute(f"SELECT max(id) FROM {name}").fetchone()
    return round((rows or 0) * _each(db, name))


def _each(db: sqlite3.Connection, name: str) -> float:
    """Return about how many bytes a row takes, by the newest ones."""
    columns = [row[1] for row in db.execute(f"PRAGMA table_info({name})")]
    size = " + ".join(_SIZE.replace("?", column) for column in columns)
    sql = f"SELECT avg({size}) FROM (SELECT * FROM {name} ORDER BY rowid DESC LIMIT {_SAMPLE})"
    (each,) = db.execute(sql).fetchone()
    return (each or 0.0) * _AROUND
