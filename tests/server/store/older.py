"""Databases of older versions, and what a database looks like."""

import sqlite3
from pathlib import Path
from typing import Any

from legwatch_server.store import upgrade


def made(path: Path, version: int) -> sqlite3.Connection:
    """Make the tables of an older version; return the open database."""
    db = sqlite3.connect(path)
    for number in range(1, version + 1):
        db.executescript(upgrade.migration(number))
    if version > 1:  # the first did not write down that it was the first
        db.execute("INSERT INTO meta VALUES ('schema', ?)", (str(version),))
    db.commit()
    return db


def tables(db: sqlite3.Connection) -> dict[str, Any]:
    """Return every table with its columns, indexes and references."""
    names = db.execute("SELECT name FROM sqlite_master WHERE type='table' ORDER BY name")
    return {name: _table(db, name) for (name,) in names.fetchall()}


def _table(db: sqlite3.Connection, name: str) -> dict[str, Any]:
    indexes = {
        index: (bool(unique), origin, _columns(db, index), _condition(db, index))
        for _, index, unique, origin, _ in db.execute(f"PRAGMA index_list({name})").fetchall()
    }
    return {
        "columns": db.execute(f"PRAGMA table_info({name})").fetchall(),
        "indexes": indexes,
        "references": db.execute(f"PRAGMA foreign_key_list({name})").fetchall(),
    }


def _columns(db: sqlite3.Connection, index: str) -> list[str]:
    return [column for _, _, column in db.execute(f"PRAGMA index_info({index})").fetchall()]


def _condition(db: sqlite3.Connection, index: str) -> str:
    """Return the WHERE of a partial index."""
    (sql,) = db.execute("SELECT sql FROM sqlite_master WHERE name=?", (index,)).fetchone()
    return " ".join((sql or "").partition(" WHERE ")[2].split())
