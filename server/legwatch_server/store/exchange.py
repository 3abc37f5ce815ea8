"""What an update asks of a database that is not in use: its tables, its end, all of it."""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from legwatch.errors import LegwatchError
from legwatch_server.store import upgrade, witness
from legwatch_server.store.connection import connect_read_only
from legwatch_server.store.errors import StoreError

UNKNOWN = -1


def schema(path: Path) -> int:
    """Return the version of a database's tables; 0: there is none, UNKNOWN: it cannot be read."""
    if not path.exists() or not path.stat().st_size:
        return 0
    try:
        with closing(connect_read_only(path)) as db:
            return upgrade.version(db)
    except (sqlite3.Error, ValueError):
        return UNKNOWN


def bring_in(path: Path) -> None:
    """Bring what stands in the log of a database into its file; raises StoreError."""
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            db.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise StoreError(str(error)) from None


def mark(path: Path) -> witness.Mark:
    """Return how far a database goes; of one that cannot be read: the start."""
    with suppress(sqlite3.Error, LegwatchError, OSError), closing(connect_read_only(path)) as db:
        return witness.of(db)
    return witness.Mark()
