"""Remembers that the store was damaged, and what of the damaged file is still to be saved over."""

import json
import sqlite3

from legwatch_server.store.records import Loss

_KEY = "loss"  # in `meta`
_SET = "INSERT OR REPLACE INTO meta VALUES (?, ?)"


def note(db: sqlite3.Connection, loss: Loss) -> None:
    """Keep a loss; there is one at a time."""
    db.execute(_SET, (_KEY, json.dumps(loss)))


def move(db: sqlite3.Connection, by_ms: int) -> None:
    """Give the moment of the last loss a name that is later by `by_ms`."""
    lost = last(db)
    if lost is not None:
        note(db, lost._replace(at_ms=lost.at_ms + by_ms))


def statement(loss: Loss) -> str:
    """Return SQL that keeps a loss, for a script."""
    text = json.dumps(loss).replace("'", "''")
    return f"INSERT OR REPLACE INTO meta VALUES ('{_KEY}', '{text}');"


def last(db: sqlite3.Connection) -> Loss | None:
    """Return the last loss; None: there was none, or it cannot be read."""
    row = db.execute("SELECT value FROM meta WHERE key=?", (_KEY,)).fetchone()
    if row is None:
        return None
    try:
        at_ms, why, aside, complete, left = json.loads(row[0])
        return Loss(int(at_ms), str(why), str(aside), bool(complete), tuple(map(_table, left)))
    except (ValueError, TypeError):
        return None


def _table(pair: tuple[str, int]) -> tuple[str, int]:
    table, below = pair
    return str(table), int(below)
