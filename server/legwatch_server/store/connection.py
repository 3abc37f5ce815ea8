"""How a SQLite file is opened, changed and read; its errors become those of the store."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from legwatch_server.store.errors import StoreError, ValuesRefused

# SQLite raises these for bad values, not for a fault of the database.
_OF_THE_VALUES = (
    sqlite3.DataError,
    sqlite3.IntegrityError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
)


def connect(path: Path, *, durable: bool = True) -> sqlite3.Connection:
    """Open a database with a write-ahead log; every commit is synced if `durable`.

    Only tests are not durable: they know no power cut, and a slow disk is none of their questions.
    """
    db = sqlite3.connect(path, isolation_level=None, timeout=10, check_same_thread=False)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute(f"PRAGMA synchronous={'FULL' if durable else 'OFF'}")
    return db


def connect_read_only(path: Path) -> sqlite3.Connection:
    """Open a database that exists, and change nothing."""
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10, check_same_thread=False)


@contextmanager
def translated() -> Iterator[None]:
    """Raise StoreError or ValuesRefused for an error of SQLite."""
    try:
        yield
    except _OF_THE_VALUES as error:
        raise ValuesRefused(f"{type(error).__name__}: {error}") from error
    except sqlite3.Error as error:
        raise StoreError(str(error)) from error


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """BEGIN ... COMMIT, or ROLLBACK after any exception."""
    if db.in_transaction:  # an interrupt came just after the last BEGIN: nobody could go on
        db.execute("ROLLBACK")
    db.execute("BEGIN IMMEDIATE")
    try:
        yield db
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
