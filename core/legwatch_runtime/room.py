"""Says whether a disk takes nothing, and so why SQLite has refused.

After a clean end a database has no log, and SQLite must make one even to read. On a disk that is
full or read-only it cannot, and says no more than "disk I/O error".
"""

import os
import sqlite3
from pathlib import Path

_NEEDS_BYTES = 64 * 1024  # more than the index of a log
_OF_THE_DISK = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
_OF_A_FILE = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}
_PRIMARY = 0xFF  # the bits of SQLite's code without its details


def has_none(folder: Path) -> str:
    """Return why the disk of a folder takes nothing, e.g. "the disk is full"; empty: it may."""
    try:
        disk = os.statvfs(folder)
    except OSError:
        return ""
    if disk.f_flag & os.ST_RDONLY:
        return "the disk is read-only"
    free = disk.f_bavail if os.geteuid() else disk.f_bfree
    return "the disk is full" if free * disk.f_frsize < _NEEDS_BYTES else ""


def is_why(error: BaseException | None, folder: Path) -> bool:
    """Return True if the disk takes nothing, and that is why SQLite has refused."""
    code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY
    return code in _OF_THE_DISK or (code in _OF_A_FILE and bool(has_none(folder)))
