"""Stores messages that cannot be decoded or stored: the latest of them, as they came."""

import sqlite3
from collections.abc import Sequence

from legwatch_server.store.batch import Row

MOST_KEPT = 10_000  # bad messages must not fill the disk
_INSERT = (
    "INSERT INTO quarantine (arrived_ms, topic, bed, boot, seq, why, payload)"
    " VALUES (?,?,?,?,?,?,?)"
)
_FORGET = "DELETE FROM quarantine WHERE id <= (SELECT max(id) FROM quarantine) - ?"


def insert(db: sqlite3.Connection, messages: Sequence[Row]) -> None:
    """Store messages, and forget the oldest of more than MOST_KEPT."""
    if messages:
        db.executemany(_INSERT, messages)
        db.execute(_FORGET, (MOST_KEPT,))
