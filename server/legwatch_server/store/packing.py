"""Packs the windows of nights that are over, and deletes their rows when they are packed.

The windows of one start of an agent are packed in their order, so that one number in `boots` says
which are. Their rows are deleted later, in the order of their ids: these lie side by side in the
file, while the rows of one bed lie scattered between those of all others.

Never packed are windows that somebody still looks for among the rows: the last of each start, for
a week (by it the agent's clock is known), the very last (by it new ids are found), what no stored
state has seen yet, and what could still arrive twice.
"""

import sqlite3
from datetime import tzinfo
from typing import NamedTuple

from legwatch.events import ClockTrust
from legwatch_server.store import nights, packs
from legwatch_server.store.connection import transaction
from legwatch_server.store.nights import NightKey, night_with
from legwatch_server.store.pack import COLUMNS, LONGEST_SPAN, Row
from legwatch_server.store.packs import HOUR_MS

SETTLED_MS = 600_000  # an hour is packed whole: what comes late mostly comes at once
SILENT_MS = 7 * 24 * HOUR_MS  # an agent that is silent for so long gets a new clock anyway
MOST = 400  # windows in a pack: an hour of ten seconds each, and some more
SWEPT = 400  # rows that are looked at and deleted at once
_SEEN = "max(d.applied_window, coalesce((SELECT value + 0 FROM meta WHERE key='states_upto'), 0))"
_BOOTS = (
    f"SELECT b.id, b.bed_id, b.packed, b.upto, d.name, {_SEEN} FROM boots b"
    " JOIN beds d ON d.id = b.bed_id"
    " JOIN windows w ON w.id = (SELECT id FROM windows"
    " WHERE boot_id = b.id AND seq > b.packed ORDER BY seq LIMIT 1)"
    f" WHERE b.upto > b.packed AND w.clock != '{ClockTrust.PLAYED}' AND w.arrived_ms < ?"
    " ORDER BY b.id"
)
_ROWS = f"SELECT {COLUMNS} FROM windows WHERE boot_id=? AND seq>? AND seq<=? ORDER BY seq LIMIT ?"
_LAST = "SELECT max(seq) FROM windows WHERE boot_id=?"
_SWEEP = "SELECT max(id) FROM (SELECT id FROM windows WHERE id>? ORDER BY id LIMIT ?)"
_DELETE = (
    "DELETE FROM windows WHERE id>? AND id<=? AND seq <="
    " coalesce((SELECT packed FROM boots b WHERE b.id = boot_id), 0)"
)


class Boot(NamedTuple):
    """A start of an agent with windows to pack."""

    id: int
    bed_id: int
    packed: int  # all windows up to this number are packed
    upto: int
    bed: str
    seen_id: int  # the last window that the stored state has seen


def boots(db: sqlite3.Connection, now_ms: int) -> list[Boot]:
    """Return the starts of agents that may have windows to pack, by the first that is not packed.

    In one question: to look at each start took a tenth of what the windows of 10,000 beds take.
    """
    return [Boot._make(row) for row in db.execute(_BOOTS, (now_ms - SETTLED_MS,))]


def pack(db: sqlite3.Connection, boot: Boot, zone: tzinfo, now_ms: int) -> Boot | None:
    """Pack the next hour of windows; return the start as it is then, None if none was packed."""
    noon_ms = night_with(boot.bed_id, now_ms, zone).from_ms
    # The first tells of most starts that it is too early: hundreds of rows need not be read then.
    for row in map(Row._make, db.execute(_ROWS, (boot.id, boot.packed, boot.upto, 1)).fetchall()):
        if row.id > boot.seen_id or not _is_over(row, noon_ms, now_ms):
            return None
    found = db.execute(_ROWS, (boot.id, boot.packed, boot.upto, MOST)).fetchall()
    (last_seq,) = db.execute(_LAST, (boot.id,)).fetchone()
    (last_id,) = db.execute("SELECT max(id) FROM windows").fetchone()
    rows: list[Row] = []
    place: tuple[NightKey, int] | None = None
    for row in map(Row._make, found):
        if row.id > boot.seen_id or not _is_over(row, noon_ms, now_ms):
            break
        here = place
        if here is None or not here[1] <= row.to_ms < here[1] + HOUR_MS:
            here = _place(boot.bed_id, row, zone)
        silent = row.arrived_ms < now_ms - SILENT_MS
        if row.id >= last_id or (row.seq >= last_seq and not silent):
            _count(db, here[0], row)
            break
        if place not in (None, here) or (rows and abs(row.id - rows[0].id) >= LONGEST_SPAN // 2):
            break
        place = here
        rows.append(row)
    if place is None:
        return None
    night, hour_ms = place
    made = packs.made(boot.bed_id, hour_ms, rows)
    with transaction(db):
        packs.store(db, made)
        db.execute("UPDATE boots SET packed=? WHERE id=?", (rows[-1].seq, boot.id))
        nights.mark(db, night)
    return boot._replace(packed=rows[-1].seq)


def _count(db: sqlite3.Connection, night: NightKey, row: Row) -> None:
    """Let a night count a window that is not to be packed yet."""
    if not nights.counts(db, night, row.id):
        with transaction(db):
            nights.mark(db, night)


def _is_over(row: Row, noon_ms: int, now_ms: int) -> bool:
    """Return True if the night of a window is over, and what belongs to it has had time to come."""
    ended = min(row.to_ms, row.arrived_ms) < noon_ms
    return ended and row.arrived_ms < now_ms - SETTLED_MS and row.clock != ClockTrust.PLAYED


def _place(bed_id: int, row: Row, zone: tzinfo) -> tuple[NightKey, int]:
    """Return the night of a window and the begin of its hour; hours count from noon."""
    night = night_with(bed_id, row.to_ms, zone)
    return night, row.to_ms - (row.to_ms - night.from_ms) % HOUR_MS


def sweep(db: sqlite3.Connection, after_id: int) -> int:
    """Delete some rows that are packed, after an id; return the id to go on from, 0: all done."""
    (last,) = db.execute(_SWEEP, (after_id, SWEPT)).fetchone()
    (packed_id,) = db.execute("SELECT max(last_id) FROM packs").fetchone()
    if last is None or packed_id is None or after_id >= packed_id:
        return 0
    with transaction(db):
        db.execute(_DELETE, (after_id, last))
    return int(last)
