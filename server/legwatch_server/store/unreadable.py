"""Says in one sentence why the database cannot be read here and now, and what helps."""

import os
import sqlite3
from pathlib import Path

from legwatch.errors import CannotRun
from legwatch_runtime.rights import explained_file, is_there
from legwatch_server.store import upgrade
from legwatch_server.store.errors import StoreDamaged, StoreError

_RIGHTS = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}
_HELD = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_PRIMARY = 0xFF  # the bits of SQLite's code without its details


def check_file(path: Path) -> None:
    """Raise CannotRun if there is no file to read, before SQLite says so in its own words."""
    if not is_there(path):
        raise CannotRun(
            f"there is no {path}; has the server run with this state_dir? If not, start the server"
        )
    if path.is_dir():
        raise CannotRun(f"{path} is a folder where the database should be: move it away")
    if not os.access(path, os.R_OK):
        raise CannotRun(f"{path} cannot be read: {explained_file(path, reads=True)}")
    if not path.stat().st_size and not _has_log(path):
        raise CannotRun(f"{path} is empty: start the server, which fills it")


def check_version(path: Path, version: int) -> None:
    """Raise CannotRun for the tables of another version."""
    if version > upgrade.VERSION:
        raise CannotRun(newer(path, version))
    if version < upgrade.VERSION:
        raise CannotRun(
            f"{path} is of an older legwatch (schema {version}, this one has {upgrade.VERSION}):"
            " start the server of this version once"
        )


def newer(path: Path, version: int) -> str:
    """Return the sentence on a database of a newer version."""
    return (
        f"{path} is of a newer legwatch (schema {version}, this one knows {upgrade.VERSION}):"
        " update this legwatch"
    )


def why(path: Path, error: StoreError) -> str:
    """Return the sentence for an error of reading."""
    if isinstance(error, StoreDamaged):
        return (
            f"{path} is damaged ({error}): restart the server, which sets it aside and saves"
            " what can be read"
        )
    code = getattr(error.__cause__, "sqlite_errorcode", 0) & _PRIMARY
    if code in _HELD:
        return f"{path} is held by another program ({error}): try again, or end that program"
    if code in _RIGHTS:
        return f"{path} cannot be read ({error}): {_refused(path)}"
    return f"{path} cannot be read: {error}"


def _refused(path: Path) -> str:
    """Say what is missing: to read a database with a log, SQLite writes a file beside it."""
    if os.access(path.parent, os.W_OK):
        return explained_file(path, reads=True)
    return f"SQLite writes beside it, and may not; {explained_file(path.parent, reads=True)}"


def _has_log(path: Path) -> bool:
    log = path.with_name(f"{path.name}-wal")
    return log.exists() and log.stat().st_size > 0
