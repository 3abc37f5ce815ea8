"""Remembers when the server last said what about itself, so that a new start does not repeat it."""

import sqlite3
from collections.abc import Mapping

_KEY = "said:"  # the start of a key in `meta`; the reason follows
_SET = "INSERT OR REPLACE INTO meta VALUES (?, ?)"


def note(db: sqlite3.Connection, said: Mapping[str, int]) -> None:
    """Note by reason when it was said, UTC ms."""
    db.executemany(_SET, [(f"{_KEY}{reason}", str(at_ms)) for reason, at_ms in said.items()])


def every(db: sqlite3.Connection) -> dict[str, int]:
    """Return by reason when it was said last, UTC ms."""
    rows = db.execute("SELECT key, value FROM meta WHERE key LIKE ?", (f"{_KEY}%",))
    return {key.removeprefix(_KEY): int(value) for key, value in rows if value.isdecimal()}
