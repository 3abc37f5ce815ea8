"""The windows of a bed as its server took them in: live and in time, in the order of arrival."""

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from legwatch.events import Window

_OF_THE_BED = "bed_id=? AND late=0 AND clock!='played'"
_WINDOW = "seq, from_ms, to_ms, mono_ms, clock, leg_c, leg_rh, room_c, room_rh, moves, in_bed"


class Span(NamedTuple):
    """When the stored windows of a bed begin and end, UTC ms."""

    first_ms: int
    last_ms: int


def span(db: sqlite3.Connection, bed_id: int) -> Span | None:
    """Return from when to when a bed has windows; None: it has none."""
    sql = f"SELECT min(to_ms), max(to_ms) FROM windows WHERE {_OF_THE_BED}"  # noqa: S608 - our own words
    first_ms, last_ms = db.execute(sql, (bed_id,)).fetchone()
    return None if first_ms is None else Span(first_ms, last_ms)


def windows(db: sqlite3.Connection, bed_id: int, since_ms: int) -> Iterator[Window]:
    """Yield the windows from `since_ms` on."""
    sql = (
        f"SELECT {_WINDOW}, faults FROM windows"  # noqa: S608 - our own words
        f" WHERE {_OF_THE_BED} AND to_ms>? ORDER BY id"
    )
    for *fields, in_bed, faults in db.execute(sql, (bed_id, since_ms)):
        mat = None if in_bed is None else bool(in_bed)
        yield Window._make(("", *fields, mat, _faults(faults), None, None))


def _faults(text: str | None) -> tuple[tuple[str, str], ...]:
    if not text:
        return ()
    pairs = (pair.partition(":") for pair in text.split(","))
    return tuple((sensor, fault) for sensor, _, fault in pairs)
