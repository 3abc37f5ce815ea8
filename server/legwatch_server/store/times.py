"""Remembers the server's time line, and moves what is open when the wall clock was set."""

import json
import sqlite3

from legwatch_server.store.batch import StoredTime
from legwatch_server.store.delivery import FOLLOWED, NEVER_MS, WAITING

_KEY = "time"
_SET = "INSERT OR REPLACE INTO meta VALUES (?, ?)"
# To send, to take back, or to ask the service about: three queries, since each has an index.
_OPEN = (
    "SELECT id FROM deliveries WHERE state IN ('{}', '{}')"
    " UNION SELECT id FROM deliveries WHERE recall_ms IS NOT NULL"
    " UNION SELECT id FROM deliveries WHERE state IN ('{}', '{}') AND receipt!='' AND next_ms<{}"
).format(*WAITING, *FOLLOWED, NEVER_MS)
_MOVE = (
    "UPDATE deliveries SET due_ms=due_ms+?1, claimed_ms=claimed_ms+?1, sent_ms=sent_ms+?1,"
    f" recall_ms=recall_ms+?1, next_ms=CASE WHEN next_ms>={NEVER_MS} THEN next_ms"
    f" ELSE next_ms+?1 END WHERE id IN ({_OPEN})"
)


def note(db: sqlite3.Connection, time: StoredTime | None) -> None:
    """Note the time line; None: it is noted already."""
    if time is not None:
        db.execute(_SET, (_KEY, json.dumps(time)))


def last(db: sqlite3.Connection) -> StoredTime | None:
    """Return the time line of the last run; None: there is none that can be read."""
    row = db.execute("SELECT value FROM meta WHERE key=?", (_KEY,)).fetchone()
    try:
        boot, zero_ms, at_ms, doubt_ms = json.loads(row[0] if row else "null")
        return StoredTime(str(boot), int(zero_ms), int(at_ms), int(doubt_ms))
    except (TypeError, ValueError):
        return None


def move(db: sqlite3.Connection, by_ms: int) -> None:
    """Give all moments of open deliveries names that are later by `by_ms`."""
    db.execute(_MOVE, (by_ms,))
