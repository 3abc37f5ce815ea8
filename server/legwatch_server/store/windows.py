"""Stores windows and reads them back, in the order of arrival."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from itertools import count as count_from
from operator import attrgetter
from typing import Any

from legwatch.events import ClockTrust, Window
from legwatch_server.store import numbers, packs
from legwatch_server.store.batch import NewWindow
from legwatch_server.store.pack import COLUMNS, Row
from legwatch_server.store.packs import Span
from legwatch_server.store.records import StoredSpan, WindowRecord

_INSERT = (
    "INSERT INTO windows (id, bed_id, boot_id, seq, from_ms, to_ms, mono_ms, clock, leg_c, leg_rh,"
    " room_c, room_rh, moves, in_bed, faults, arrived_ms, late, moved_s, active_s, others)"
    " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
)
_MEASURED = (
    "seq", "from_ms", "to_ms", "mono_ms", "clock", "leg_c", "leg_rh", "room_c", "room_rh", "moves",
    "moved_s", "active_s",
)  # fmt: skip
_MEASURED_OF = attrgetter(*_MEASURED)
_AFTER = (
    "SELECT w.id, b.name, w.to_ms, w.leg_c, w.leg_rh, w.room_c, w.room_rh, w.moves, w.in_bed,"
    " w.late, w.arrived_ms, w.others FROM windows w JOIN beds b ON b.id = w.bed_id"
    " WHERE w.id>? ORDER BY w.id LIMIT ?"
)


def insert(db: sqlite3.Connection, windows: Sequence[NewWindow]) -> None:
    """Store windows; their ids grow."""
    if windows:
        ids = count_from(numbers.next_window(db))
        db.executemany(_INSERT, list(map(_row, ids, windows)))


def _row(ident: int, new: NewWindow) -> tuple[object, ...]:
    bed_id, boot_id, window, arrived_ms, late = new
    # To take a window apart at once takes a third of the time of field by field: 0.5 us less.
    (
        _, seq, from_ms, to_ms, mono_ms, clock, leg_c, leg_rh, room_c, room_rh, moves, in_bed,
        faults, _, _, moved_s, active_s, others,
    ) = window  # fmt: skip
    return (
        ident, bed_id, boot_id, seq, from_ms, to_ms, mono_ms, clock, leg_c, leg_rh, room_c,
        room_rh, moves, in_bed, _faults_text(faults) if faults else None, arrived_ms, late, moved_s,
        active_s, json.dumps(dict(others)) if others else None,
    )  # fmt: skip


def span(db: sqlite3.Connection, bed_id: int) -> StoredSpan | None:
    """Return the times of a bed's first and last live window; None if there is none."""
    first = next(filter(_is_live, packs.earliest(db, bed_id)), None)
    last = next(filter(_is_live, packs.latest(db, bed_id)), None) or first
    return StoredSpan(first.to_ms, last.to_ms) if first and last else None


def first_id(db: sqlite3.Connection, bed_id: int, since_ms: int) -> int:
    """Return the first id after `since_ms`, 0 if none; reads from there skip older windows."""
    rows = packs.of_bed(db, bed_id, span=Span(since_ms + 1))
    return next((row.id for row in rows if _is_live(row)), 0)


def live(db: sqlite3.Connection, bed_id: int, since_id: int) -> Iterator[Window]:
    """Yield a bed's windows with `since_id` or a higher id, without late or recorded ones."""
    return map(_of_row, filter(_is_live, packs.of_bed(db, bed_id, since_id)))


def _is_live(row: Row) -> bool:
    return row.late == 0 and row.clock != ClockTrust.PLAYED


def _of_row(row: Row) -> Window:
    return _window((row.in_bed, row.faults, row.others, *_MEASURED_OF(row)))


def unseen(db: sqlite3.Connection) -> Iterator[tuple[int, Window]]:
    """Yield (bed id, window) of what the stored state of the bed has not seen yet, in order."""
    columns = (
        f"w.bed_id, w.in_bed, w.faults, w.others, {', '.join(f'w.{name}' for name in _MEASURED)}"
    )
    sql = f"SELECT {columns} {numbers.UNSEEN} AND w.late=0 ORDER BY w.id"
    for bed_id, *rest in db.execute(sql):
        yield bed_id, _window(rest)


def arrived(
    db: sqlite3.Connection, bed_id: int, since_id: int, span: Span
) -> Iterator[tuple[int, Window, int, bool]]:
    """Yield a bed's windows by their ids, with when each arrived and whether it was too late."""
    for row in packs.of_bed(db, bed_id, since_id, span):
        yield row.id, _of_row(row), row.arrived_ms, bool(row.late)


def _window(row: Sequence[Any]) -> Window:
    """Return a window from the columns in_bed, faults, others and those of _MEASURED."""
    in_bed, faults, others, *measured = row
    if not all(map(_is_number, (measured[0:4] + measured[5:]))):
        raise ValueError(f"a window with {measured}")
    return Window(
        boot="",
        in_bed=None if in_bed is None else bool(in_bed),
        faults=_faults(faults),
        others=_others(others),
        **dict(zip(_MEASURED, measured, strict=True)),
    )


def _is_number(value: object) -> bool:
    return value is None or isinstance(value, int | float)


def newest(db: sqlite3.Connection, bed_id: int, most: int, *, rests: bool = False) -> list[Window]:
    """Return the last windows of a bed, the newest first, from the last start that has some.

    What an earlier start has kept may be stored after windows of the last one: their times tell.
    """
    sql = "SELECT id, packed FROM boots WHERE bed_id=? ORDER BY id DESC LIMIT 3"
    starts: list[list[Row]] = []
    for boot, is_packed in db.execute(sql, (bed_id,)).fetchall():
        rows = _of_start(db, boot, most)
        if len(rows) < most and is_packed and not starts:
            found = (row for row in packs.latest(db, bed_id) if row.boot_id == boot)
            rows = sorted(found, key=lambda row: row.seq, reverse=True)[:most]
        if rows:
            starts.append(rows)
    played = any(rows[0].clock == ClockTrust.PLAYED for rows in starts)
    last = max(starts, key=lambda rows: _newer(rows[0], played=played, rests=rests), default=[])
    return [_of_row(row) for row in last]


def _of_start(db: sqlite3.Connection, boot: int, most: int) -> list[Row]:
    """Return the last windows of one start that are not packed yet, the newest first."""
    sql = f"SELECT {COLUMNS} FROM windows WHERE boot_id=? ORDER BY seq DESC LIMIT ?"
    return [Row._make(row) for row in db.execute(sql, (boot, most))]


def _newer(row: Row, *, played: bool, rests: bool) -> tuple[bool, int]:
    """Order what is the last word of a bed; a recording of an earlier night may be played later.

    All that comes while a bed rests is stored as late, and yet its time is right.
    """
    right = rests or row.late == 0 or row.clock == ClockTrust.SYNCED
    return right, row.id if played else row.to_ms


def after(db: sqlite3.Connection, ident: int, most: int) -> list[WindowRecord]:
    """Return at most `most` windows of all beds with a higher id, in the order of their ids."""
    with packs.snapshot(db):
        while True:
            records = [
                WindowRecord._make((*row, _others(others)))
                for *row, others in db.execute(_AFTER, (ident, most))
            ]
            packed = packs.after(db, ident, most)
            if packed is None:
                return records
            names = dict(db.execute("SELECT id, name FROM beds").fetchall())
            found = _together(records, packed, names, most)
            if found:
                return found
            ident = packed.upto  # nobody knows the beds of those


def _together(
    records: list[WindowRecord], packed: packs.Next, names: dict[int, str], most: int
) -> list[WindowRecord]:
    """Return the first ones of both by their ids, each once."""
    upto = min(packed.upto, records[-1].id) if len(records) == most else packed.upto
    found = {one.id: one for one in records if one.id <= upto}
    for bed_id, row in packed.rows:
        if row.id <= upto and bed_id in names:
            found[row.id] = _record(row, names[bed_id])
    return [found[ident] for ident in sorted(found)[:most]]


def _record(row: Row, bed: str) -> WindowRecord:
    return WindowRecord(
        row.id, bed, row.to_ms, row.leg_c, row.leg_rh, row.room_c, row.room_rh, row.moves,
        row.in_bed, row.late, row.arrived_ms, _others(row.others),
    )  # fmt: skip


def last_id(db: sqlite3.Connection) -> int:
    """Return the id of the last window of all; 0: none."""
    return int(db.execute("SELECT coalesce(max(id), 0) FROM windows").fetchone()[0])


def count(db: sqlite3.Connection) -> int:
    """Return the number of windows."""
    with packs.snapshot(db):
        return int(db.execute("SELECT count(*) FROM windows").fetchone()[0]) + packs.count(db)


def _others(text: str | None) -> tuple[tuple[str, float], ...]:
    try:
        found = json.loads(text) if text else {}
    except ValueError:  # what it measured beside the rest is not worth the rest
        return ()
    return tuple(found.items()) if isinstance(found, dict) else ()


def _faults_text(faults: tuple[tuple[str, str], ...]) -> str | None:
    # A comma parts two sensors; in the fault of a strange driver it becomes a semicolon.
    return ",".join(f"{sensor}:{fault.replace(',', ';')}" for sensor, fault in faults) or None


def _faults(text: str | None) -> tuple[tuple[str, str], ...]:
    if not text:
        return ()
    pairs = (pair.partition(":") for pair in text.split(","))
    return tuple((sensor, fault) for sensor, _, fault in pairs)
