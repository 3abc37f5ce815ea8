"""A copy of the database as of one moment, beside a server that writes; it is checked."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from legwatch_server.store import upgrade
from legwatch_server.store.connection import connect_read_only, reading
from legwatch_server.store.errors import StoreError

_PAGES = 2000  # copied in one go


@reading(StoreError)
def copied(database: Path, copy: Path, report: Callable[[float], object]) -> int:
    """Copy a database, check the copy, and return the version of its tables; raises StoreError.

    The copy reads in one transaction: a server that writes meanwhile does not make it begin anew.
    `report` is told how far it is, 0 to 1.
    """
    copy.unlink(missing_ok=True)
    copy.touch(0o600)
    with closing(connect_read_only(database)) as source, closing(_new(copy)) as made:
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()

        def told(_status: int, left: int, pages: int) -> None:
            report(1 - left / max(1, pages))

        source.backup(made, pages=_PAGES, progress=told)
        _check(made)
        return upgrade.version(made)


@reading(StoreError)
def check(copy: Path) -> None:
    """Raise StoreError if a copy is damaged."""
    with closing(connect_read_only(copy)) as db:
        _check(db)


def _check(db: sqlite3.Connection) -> None:
    ((found,),) = db.execute("PRAGMA quick_check(1)").fetchall()
    if found != "ok":
        raise StoreError(f"the database is damaged ({' '.join(str(found).split())[:100]})")


def _new(copy: Path) -> sqlite3.Connection:
    made = sqlite3.connect(copy, isolation_level=None)
    made.execute("PRAGMA synchronous=OFF")  # only what is in the backup has to last
    return made
