"""Stores messages that cannot be decoded or stored: the latest of them, as they came."""

import sqlite3
from collections.abc import Sequence

from legwatch_server.store.batch import SetAside

# Bad messages must not fill the disk: at most so many rows, each of less than 5 kB.
MOST_KEPT = 2_000
MOST_OF_A_BED = 500
_INSERT = (
    "INSERT INTO quarantine (arrived_ms, topic, bed, boot, seq, why, payload, name, last_ms)"
    " VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?1) ON CONFLICT (name) DO UPDATE SET"
    " count = count + 1, last_ms = excluded.last_ms"
)
_FORGET = (
    "DELETE FROM quarantine WHERE id <="
    " (SELECT id FROM quarantine ORDER BY id DESC LIMIT 1 OFFSET ?)"
)
_FORGET_OF_A_BED = (
    "DELETE FROM quarantine WHERE bed IS ?1 AND id <="
    " (SELECT id FROM quarantine WHERE bed IS ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)"
)


def insert(db: sqlite3.Connection, messages: Sequence[SetAside]) -> None:
    """Store or count messages, and forget the oldest rows where there are too many."""
    rows = [SetAside(*message) for message in messages]  # a name may be missing
    if not rows:
        return
    before = _newest(db)
    db.executemany(_INSERT, rows)
    if _newest(db) != before:  # not only counted
        for bed in {message.bed for message in rows}:
            db.execute(_FORGET_OF_A_BED, (bed, MOST_OF_A_BED))
        db.execute(_FORGET, (MOST_KEPT,))


def latest(db: sqlite3.Connection) -> dict[str, tuple[int, str]]:
    """Return for each bed when a message last could not be read, and why the last one kept."""
    rows = db.execute(
        "SELECT bed, max(last_ms), (SELECT why FROM quarantine AS kept WHERE kept.bed = all_of.bed"
        " ORDER BY kept.payload = x'', kept.id DESC LIMIT 1)"
        " FROM quarantine AS all_of WHERE bed IS NOT NULL GROUP BY bed"
    )
    return {bed: (last_ms, why) for bed, last_ms, why in rows}


def _newest(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT coalesce(max(id), 0) FROM quarantine").fetchone()[0])
