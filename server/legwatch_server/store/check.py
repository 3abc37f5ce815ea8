"""Looks whether a file is damaged: at the start in what watching needs, later in all of it."""

import sqlite3
from collections.abc import Callable
from itertools import count
from pathlib import Path

from legwatch_server.store import beds, deliveries, numbers, rehearsals, said, times, windows
from legwatch_server.store.connection import reading
from legwatch_server.store.errors import StoreDamaged

# Small for years, and read at the start; the others wait for the check in the background.
_SMALL = ("meta", "beds", "boots", "presses", "answers")
_SMALL_ROWS = 20_000  # a table that has grown beyond would only be checked in part
_MOST_STEPS = 300  # of `_EVERY` operations of SQLite: about a quarter of a second
_EVERY = 20_000
_TAILS = ("windows", "notices", "deliveries", "steps", "presses", "answers", "quarantine")
_TAIL_ROWS = 50
_HEADER_BYTES = 100
_VACUUM_AT = (52, 64)  # bytes in the header
_NEWEST = 5000  # deliveries whose words are looked at


def at_start(db: sqlite3.Connection, *, malformed: bool = False) -> None:
    """Read what the start reads, and check the small tables; raises StoreDamaged.

    Costs a fraction of a second, however old the file is: a check that takes longer is ended.
    `malformed`: what `is_header_malformed` has found.
    """
    with reading():
        readable(db)
        if malformed:
            raise StoreDamaged("its header is malformed")
        steps = count()
        db.set_progress_handler(lambda: next(steps) >= _MOST_STEPS, _EVERY)
        try:
            for table in _SMALL:
                if _last_row(db, table) <= _SMALL_ROWS:
                    _check(db, table)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                raise
        finally:
            db.set_progress_handler(None, 0)


def is_header_malformed(path: Path) -> bool:
    """Look at the fields of a file that is made smaller by itself: ours never is.

    Only before the process has opened the file: a file that is closed loses all locks of the
    process, also those of SQLite, and another program would then delete the log.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEADER_BYTES)
    except OSError:
        return False
    return any(any(head[at : at + 4]) for at in _VACUUM_AT)


def whole(db: sqlite3.Connection, stopping: Callable[[], bool]) -> str:
    """Check the whole file; return what is wrong, empty if nothing is or a stop came first.

    Each table is read in one go, which holds nobody up: readers and writers do not wait for each
    other.
    """
    db.set_progress_handler(stopping, _EVERY)
    try:
        with reading():
            for table in _tables(db):
                _check(db, table)
    except StoreDamaged as error:
        return str(error)
    except Exception:
        if stopping():
            return ""
        raise
    return ""


def readable(db: sqlite3.Connection) -> None:
    """Read what a start reads; raises whatever a row raises that cannot be."""
    beds.every(db)
    numbers.next_boot(db)
    numbers.next_window(db)
    deliveries.unfinished(db)
    rehearsals.evening(db)
    rehearsals.announced(db)
    said.every(db)
    times.last(db)
    for _ in windows.unseen(db):
        pass
    if deliveries.unreadable(db, _NEWEST):
        raise StoreDamaged("table deliveries: a state that does not exist")
    for table in _TAILS:
        db.execute(f"SELECT * FROM {table} ORDER BY rowid DESC LIMIT ?", (_TAIL_ROWS,)).fetchall()


def _last_row(db: sqlite3.Connection, table: str) -> int:
    return int(db.execute(f"SELECT coalesce(max(rowid), 0) FROM {table}").fetchone()[0])


def _tables(db: sqlite3.Connection) -> list[str]:
    return [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type='table'")]


def _check(db: sqlite3.Connection, table: str) -> None:
    for (found,) in db.execute(f"PRAGMA integrity_check({table})"):
        if found != "ok":
            raise StoreDamaged(f"table {table}: {' '.join(str(found).split())}")
