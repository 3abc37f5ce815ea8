"""How a SQLite file is opened, changed and read; its errors become those of the store.

Every access goes through `translated`, and what also makes values from rows through `reading`: a
damaged file gives errors of many types, and none of them is the fault of a message.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from legwatch.errors import LegwatchError
from legwatch_runtime import room
from legwatch_runtime.salvage import is_damage
from legwatch_server.store import unlogged
from legwatch_server.store.errors import StoreDamaged, StoreError, ValuesRefused

# SQLite raises these for bad values, not for a fault of the database.
_OF_THE_VALUES = (
    sqlite3.DataError,
    sqlite3.IntegrityError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
)
# What our own code raises for a row that nobody can have written so.
_OF_A_ROW = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError)
# The writer looks before it inserts, so only a damaged index can know better than it does.
_CONTRADICTED = {
    sqlite3.SQLITE_CONSTRAINT_UNIQUE,
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
    sqlite3.SQLITE_CONSTRAINT_ROWID,
}
READ_PATIENCE_S = 10.0  # how long a reader waits for a lock
LOOK_PATIENCE_S = 0.4  # and one whose person waits: a command looks up to four times
PATIENCE_S = 10.0  # how long an access waits for a lock
_turn = threading.RLock()  # held by the thread that writes
_TOO_LARGE = "too large to convert to SQLite"  # Python says so of a value that is to be stored


def connect(
    path: Path, *, durable: bool = True, patience_s: float = PATIENCE_S
) -> sqlite3.Connection:
    """Open a database with a write-ahead log; every commit is synced if `durable`.

    Only tests are not durable: they know no power cut, and a slow disk is none of their questions.
    """
    db = sqlite3.connect(path, isolation_level=None, timeout=patience_s, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute(f"PRAGMA synchronous={'FULL' if durable else 'OFF'}")
    except sqlite3.Error:
        db.close()
        raise
    except UnicodeDecodeError as error:  # SQLite quotes a damaged name in its message
        db.close()
        raise sqlite3.DatabaseError("a name in it is malformed") from error
    return db


def connect_read_only(path: Path, patience_s: float = READ_PATIENCE_S) -> sqlite3.Connection:
    """Open a database that exists, and change nothing; also on a disk that takes nothing."""
    uri = f"{path.absolute().as_uri()}?mode=ro"
    db = sqlite3.connect(uri, uri=True, timeout=patience_s, check_same_thread=False)
    try:
        db.execute("PRAGMA schema_version")
    except sqlite3.Error:
        if room.has_none(path.parent) and (there := unlogged.opened(path)) is not None:
            db.close()
            return there
    except UnicodeDecodeError:  # SQLite quotes a damaged name in its message
        db.close()
        raise
    return db  # its next user gets the error


@contextmanager
def translated() -> Iterator[None]:
    """Raise StoreError, StoreDamaged or ValuesRefused for an error of SQLite."""
    try:
        yield
    except sqlite3.Error as error:
        if is_damage(error) or getattr(error, "sqlite_errorcode", 0) in _CONTRADICTED:
            raise StoreDamaged(str(error)) from error
        if isinstance(error, _OF_THE_VALUES):
            raise ValuesRefused(f"{type(error).__name__}: {error}") from error
        raise StoreError(str(error)) from error
    except UnicodeDecodeError as error:  # SQLite quotes a damaged name in its message
        raise StoreDamaged(f"a name or a text is not readable ({error.reason})") from error


@contextmanager
def reading(fault: type[StoreError] = StoreDamaged) -> Iterator[None]:
    """As `translated`, for what makes values from rows: a row that cannot be is a `fault`."""
    try:
        with translated():
            yield
    except LegwatchError:
        raise
    except OverflowError as error:
        if _TOO_LARGE in str(error):
            raise ValuesRefused(str(error)) from error
        raise fault(f"a row cannot be read: {error}") from error
    except _OF_A_ROW as error:
        raise fault(f"a row cannot be read: {error}") from error


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """BEGIN ... COMMIT, or ROLLBACK after any exception; the threads take turns."""
    with _in_turn():
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


@contextmanager
def _in_turn() -> Iterator[None]:
    """Wait for the other threads of this process that write.

    SQLite lets a thread sleep for up to 100 ms before it asks again for the lock of another one:
    under load a push waited so for up to 56 ms, now for 24.
    """
    waited = _turn.acquire(timeout=PATIENCE_S)  # then SQLite says who holds the lock
    try:
        yield
    finally:
        if waited:
            _turn.release()
