"""Stores presses of the bedside button; each counts once."""

import sqlite3
from collections.abc import Iterable

from legwatch_server.store.batch import Row

_INSERT = "INSERT OR IGNORE INTO presses (bed_id, press_id, button, at_ms, kind) VALUES (?,?,?,?,?)"


def insert(db: sqlite3.Connection, presses: Iterable[Row]) -> None:
    """Store presses; one that is stored already is left out."""
    db.executemany(_INSERT, presses)


def latest(db: sqlite3.Connection, bed_id: int, most: int) -> tuple[str, ...]:
    """Return the ids of a bed's last presses, oldest first."""
    sql = "SELECT press_id FROM presses WHERE bed_id=? ORDER BY id DESC LIMIT ?"
    return tuple(ident for (ident,) in db.execute(sql, (bed_id, most)))[::-1]


def is_stored(db: sqlite3.Connection, bed_id: int, press_id: str) -> bool:
    """Return True if the press is stored."""
    sql = "SELECT 1 FROM presses WHERE bed_id=? AND press_id=?"
    return db.execute(sql, (bed_id, press_id)).fetchone() is not None
