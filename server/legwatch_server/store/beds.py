"""Stores beds with the engine's state, and what was received of each start of their agents."""

import sqlite3

from legwatch.events import ClockTrust
from legwatch_server.store.batch import Batch
from legwatch_server.store.numbers import LAST_WINDOW, STATES_UPTO, UNSEEN
from legwatch_server.store.records import LastSeen, StoredBed, StoredBoot

_STATE = (
    "UPDATE beds SET state=?, seen_ms=?, played=?, bedside=?,"
    f" applied_window=({LAST_WINDOW}) WHERE id=?"
)
_UPTO, _NEXT = STATES_UPTO, "states_next"
_SWEPT = "INSERT OR REPLACE INTO meta SELECT ?, value FROM meta WHERE key=?"
_MARK = f"INSERT OR REPLACE INTO meta SELECT ?, ({LAST_WINDOW})"


def insert(db: sqlite3.Connection, batch: Batch) -> None:
    """Store new beds and boots, before the windows that name them."""
    db.executemany("INSERT INTO beds (id, name) VALUES (?,?)", batch.beds)
    db.executemany("INSERT INTO boots (id, bed_id, boot, upto) VALUES (?,?,?,?)", batch.boots)


def update(db: sqlite3.Connection, batch: Batch) -> None:
    """Store what has changed of beds and boots."""
    uptos = [(upto, boot_id) for boot_id, upto in batch.uptos.items()]
    db.executemany("UPDATE boots SET upto=? WHERE id=?", uptos)
    states = [(s.state, s.seen_ms, s.played, s.bedside, s.bed_id) for s in batch.states]
    db.executemany(_STATE, states)
    if batch.swept:
        db.execute(_SWEPT, (_UPTO, _NEXT))
        db.execute(_MARK, (_NEXT,))


def remember(db: sqlite3.Connection, memory: Batch, last_window: int) -> None:
    """Store the beds and boots of a running server, over what was read of an older file."""
    db.executemany("INSERT OR REPLACE INTO beds (id, name) VALUES (?,?)", memory.beds)
    db.executemany(
        "INSERT OR REPLACE INTO boots (id, bed_id, boot, upto, packed) VALUES"
        " (?1,?2,?3,?4, coalesce((SELECT packed FROM boots WHERE id=?1), 0))",
        memory.boots,
    )
    update(db, memory)
    seen = [(last_window, bed_id) for bed_id, _ in memory.beds]
    db.executemany("UPDATE beds SET applied_window=? WHERE id=?", seen)


def every(db: sqlite3.Connection) -> list[StoredBed]:
    """Return all beds."""
    rows = db.execute(
        "SELECT id, name, state, seen_ms, played, bedside,"
        " EXISTS (SELECT 1 FROM noons WHERE bed_id=beds.id) FROM beds"
    )
    return [StoredBed._make((*row[:4], bool(row[4]), row[5], bool(row[6]))) for row in rows]


def boot(db: sqlite3.Connection, bed_id: int, bed: str, name: str) -> StoredBoot | None:
    """Return a boot of a bed; None if it is new. Quarantined windows count as received."""
    row = db.execute(
        "SELECT id, upto FROM boots WHERE bed_id=? AND boot=?", (bed_id, name)
    ).fetchone()
    if row is None:
        return None
    ahead = db.execute(
        "SELECT seq FROM windows WHERE boot_id=? AND seq>?"
        " UNION SELECT seq FROM quarantine WHERE bed=? AND boot=? AND seq>?",
        (row[0], row[1], bed, name, row[1]),
    )
    return StoredBoot(row[0], row[1], {r[0] for r in ahead}, *_clock(db, row[0]))


def _clock(db: sqlite3.Connection, boot_id: int) -> tuple[int | None, bool]:
    """Return when a boot's elapsed clock was at zero, and whether that is sure."""
    last = db.execute(
        "SELECT to_ms - mono_ms, clock, late, mono_ms >= to_ms - from_ms FROM windows"
        " WHERE boot_id=? ORDER BY seq DESC LIMIT 1",
        (boot_id,),
    ).fetchone()
    if last is None or last[1] == ClockTrust.PLAYED or not last[3]:
        return None, True
    return last[0], not (last[2] and last[1] == ClockTrust.UNSYNCED)


def named(db: sqlite3.Connection, name: str | None) -> list[tuple[int, str]]:
    """Return (id, name) of this bed, or of all in the order of their names."""
    sql = "SELECT id, name FROM beds WHERE ? IS NULL OR name=? ORDER BY name"
    return db.execute(sql, (name, name)).fetchall()


def states(db: sqlite3.Connection, name: str | None) -> list[tuple[str, str]]:
    """Return (name, state JSON) of this bed, or of all in the order of their names."""
    sql = (
        "SELECT name, state FROM beds WHERE state IS NOT NULL AND (? IS NULL OR name=?)"
        " ORDER BY name"
    )
    return db.execute(sql, (name, name)).fetchall()


def last_seen(db: sqlite3.Connection) -> list[LastSeen]:
    """Return the last arrival of every bed, in the order of their names.

    A bed is stored once a minute: what has come since stands only among the windows.
    """
    rows = db.execute(
        f"WITH lately AS (SELECT b.id, max(w.arrived_ms) AS ms {UNSEEN} GROUP BY b.id)"
        " SELECT name, max(seen_ms, coalesce(lately.ms, 0)), played, bedside FROM beds"
        " LEFT JOIN lately ON lately.id = beds.id ORDER BY name"
    )
    return [LastSeen(name, seen_ms, bool(played), side) for name, seen_ms, played, side in rows]


def heard(db: sqlite3.Connection) -> list[str]:
    """Return the beds of which a word has ever come, sorted; others were only declared."""
    return [seen.bed for seen in last_seen(db) if seen.sent]
