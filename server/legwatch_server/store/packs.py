"""Reads windows in the order of their ids, whether they still lie in rows or in packs.

Windows that were packed a moment ago are for a while in both; each is given once.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from heapq import heappop, heappush, heapreplace
from operator import attrgetter
from typing import NamedTuple

from legwatch_server.store.pack import LONGEST_SPAN, Row, packed, unpacked

HOUR_MS = 3_600_000
_EVER_MS = 1 << 62
# One start of an agent after the other: an index leads to its rows, and those of other beds are not
# read. Without CROSS, SQLite would turn the join around, to save the sorting.
_UNPACKED = (
    f"SELECT {', '.join(f'w.{name}' for name in Row._fields)} FROM boots b"
    " CROSS JOIN windows w ON w.boot_id = b.id AND w.seq > b.packed WHERE b.bed_id=?"
)
_HOT = f"{_UNPACKED} AND w.id>=? AND w.to_ms>=? AND w.to_ms<? ORDER BY w.id"
_IN_TIME = f"{_UNPACKED} AND w.to_ms>=? AND w.to_ms<?"
_OF_HOURS = (
    "SELECT id, first_id FROM packs WHERE bed_id=? AND hour_ms>? AND hour_ms<? AND last_id>=?"
    " ORDER BY first_id"
)
_OF_IDS = "SELECT id, first_id FROM packs WHERE bed_id=? AND last_id>=? ORDER BY first_id"
_FIRST = "SELECT data FROM packs WHERE bed_id=? ORDER BY last_id"
_LATEST = "SELECT data FROM packs WHERE bed_id=? ORDER BY hour_ms DESC, last_id DESC LIMIT ?"
_INSERT = (
    "INSERT INTO packs (bed_id, hour_ms, first_id, last_id, count, bytes, data)"
    " VALUES (?,?,?,?,?,?,?)"
)
_DATA = "SELECT data FROM packs WHERE id=?"
# A pack with the window next after an id ends here at the latest: no pack spans more ids.
_FIRST_AFTER = (
    "SELECT min(first_id) FROM packs WHERE last_id>?1 AND last_id<=?2"
    " + (SELECT min(last_id) FROM packs WHERE last_id>?1)"
)
_AFTER = "SELECT bed_id, data FROM packs WHERE last_id>? AND last_id<=? AND first_id<=?"
_OVERLAP = (
    "SELECT count(*) FROM boots b CROSS JOIN windows w ON w.boot_id = b.id AND w.seq <= b.packed"
    " WHERE b.packed > 0"
)
LATEST_PACKS = 30  # more than a day of one bed


class Span(NamedTuple):
    """A time, UTC ms: windows that end in it, at its begin but not at its end."""

    from_ms: int = -_EVER_MS
    to_ms: int = _EVER_MS


EVER = Span()


class Pack(NamedTuple):
    """A row of `packs`, but for its number."""

    bed_id: int
    hour_ms: int
    first_id: int
    last_id: int
    windows: int
    size_bytes: int
    data: bytes


def made(bed_id: int, hour_ms: int, rows: list[Row]) -> Pack:
    """Make a pack, before anybody has to wait for it."""
    ids, data = [row.id for row in rows], packed(rows)
    return Pack(bed_id, hour_ms, min(ids), max(ids), len(ids), len(data), data)


def store(db: sqlite3.Connection, pack: Pack) -> None:
    """Store a pack; the caller sees to it that its rows are no longer windows."""
    db.execute(_INSERT, pack)


def of_bed(
    db: sqlite3.Connection, bed_id: int, since_id: int = 0, span: Span = EVER
) -> Iterator[Row]:
    """Yield a bed's windows with `since_id` or a higher id, by their ids."""
    with snapshot(db):
        if span == EVER:
            packs = db.execute(_OF_IDS, (bed_id, since_id)).fetchall()
        else:
            hours = (bed_id, span.from_ms - HOUR_MS, span.to_ms, since_id)
            packs = db.execute(_OF_HOURS, hours).fetchall()
        hot = db.execute(_HOT, (bed_id, since_id, *span))
        for row in _merged(map(Row._make, hot), _opened(db, packs)):
            if row.id >= since_id and span.from_ms <= row.to_ms < span.to_ms:
                yield row


def pieces(db: sqlite3.Connection, bed_id: int, span: Span) -> Iterator[list[Row]]:
    """Yield a bed's windows of a time in pieces of an hour, in no order; some may come twice."""
    hours = (bed_id, span.from_ms - HOUR_MS, span.to_ms, 0)
    for ident, _ in db.execute(_OF_HOURS, hours).fetchall():
        yield list(_rows(db, ident))
    yield [Row._make(row) for row in db.execute(_IN_TIME, (bed_id, *span))]


def earliest(db: sqlite3.Connection, bed_id: int) -> Iterator[Row]:
    """Yield a bed's windows about from the first one on: only so many packs are read as needed."""
    with snapshot(db):
        for (data,) in db.execute(_FIRST, (bed_id,)):
            yield from sorted(unpacked(data), key=attrgetter("id"))
        yield from map(Row._make, db.execute(_HOT, (bed_id, 0, *EVER)))


def latest(db: sqlite3.Connection, bed_id: int) -> Iterator[Row]:
    """Yield a bed's windows from the last one back, for a day of packs at least."""
    with snapshot(db):
        yield from map(Row._make, db.execute(f"{_HOT} DESC", (bed_id, 0, *EVER)))
        for (data,) in db.execute(_LATEST, (bed_id, LATEST_PACKS)).fetchall():
            yield from sorted(unpacked(data), key=attrgetter("id"), reverse=True)


class Next(NamedTuple):
    """Packed windows with their bed's id: all up to the id `upto`."""

    upto: int
    rows: list[tuple[int, Row]]


def after(db: sqlite3.Connection, ident: int, most: int) -> Next | None:
    """Return the packed windows of all beds next after `ident`; None: there are none."""
    while (first := db.execute(_FIRST_AFTER, (ident, LONGEST_SPAN)).fetchone()[0]) is not None:
        ident = max(ident, first - 1)
        upto = ident + most
        packs = db.execute(_AFTER, (ident, upto + LONGEST_SPAN, upto))
        found = [
            (bed_id, row)
            for bed_id, data in packs
            for row in _kept_unpacked(data)
            if ident < row.id <= upto
        ]
        if found:
            return Next(upto, found)
        ident = upto
    return None


def count(db: sqlite3.Connection) -> int:
    """Return the number of packed windows that are not also windows."""
    (packed_,) = db.execute("SELECT coalesce(sum(count), 0) FROM packs").fetchone()
    return int(packed_) - overlap(db)


def overlap(db: sqlite3.Connection) -> int:
    """Return the number of windows that are packed, but not deleted yet."""
    return int(db.execute(_OVERLAP).fetchone()[0])


@contextmanager
def snapshot(db: sqlite3.Connection) -> Iterator[None]:
    """Let all that is read in the block be of one moment, while others store and delete."""
    if db.in_transaction:
        yield
        return
    db.execute("BEGIN")
    try:
        yield
    finally:
        with suppress(sqlite3.ProgrammingError):  # it was closed meanwhile
            db.rollback()


# Who reads all beds by ids comes to a pack again and again; one is about 200 kB when unpacked.
_kept_unpacked = lru_cache(maxsize=128)(unpacked)


def _opened(
    db: sqlite3.Connection, packs: list[tuple[int, int]]
) -> Iterator[tuple[int, Iterator[Row]]]:
    """Yield packs with their first id; one is read only when its turn has come."""
    for ident, first_id in packs:
        yield first_id, _rows(db, ident)


def _rows(db: sqlite3.Connection, ident: int) -> Iterator[Row]:
    (data,) = db.execute(_DATA, (ident,)).fetchone()
    yield from sorted(unpacked(data), key=attrgetter("id"))


def _merged(hot: Iterator[Row], packs: Iterator[tuple[int, Iterator[Row]]]) -> Iterator[Row]:
    """Yield the rows of all by their ids, each id once."""
    open_: list[tuple[int, int, Row, Iterator[Row]]] = []
    _push(open_, 0, hot)
    coming, number, last = next(packs, None), 0, -1
    while open_ or coming:
        while coming and (not open_ or coming[0] <= open_[0][0]):
            number += 1
            _push(open_, number, coming[1])
            coming = next(packs, None)
        ident, of, row, rows = open_[0]
        if ident != last:
            yield row
            last = ident
        following = next(rows, None)
        if following is None:
            heappop(open_)
        else:
            heapreplace(open_, (following.id, of, following, rows))


def _push(open_: list[tuple[int, int, Row, Iterator[Row]]], of: int, rows: Iterator[Row]) -> None:
    first = next(rows, None)
    if first is not None:
        heappush(open_, (first.id, of, first, rows))
