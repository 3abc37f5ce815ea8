"""A few bytes beside the database that say how far it had come.

A write-ahead log that is cut or damaged loses its end, and SQLite goes on with the rest without a
word. So after each commit the highest row numbers are noted here. The note is not synced: after a
power cut it is older than the database, which means nothing; a database that is older than its note
has lost rows.
"""

import contextlib
import os
import sqlite3
import struct
import zlib
from pathlib import Path
from typing import NamedTuple

_FORM = struct.Struct("<qqqI")  # windows, notices, deliveries, checksum of these


class Mark(NamedTuple):
    """The highest row numbers."""

    windows: int = 0
    notices: int = 0
    deliveries: int = 0

    def over(self, other: "Mark") -> "Mark":
        """Return the higher of each."""
        return Mark._make(map(max, self, other))

    def missing(self, before: "Mark") -> "Mark":
        """Return how many rows are missing of what there was before."""
        return Mark._make(max(0, was - now) for was, now in zip(before, self, strict=True))


def of(db: sqlite3.Connection) -> Mark:
    """Return the mark of a database."""
    sql = (
        "SELECT (SELECT max(id) FROM windows), (SELECT max(id) FROM notices),"
        " (SELECT max(id) FROM deliveries)"
    )
    return Mark._make(int(value or 0) for value in db.execute(sql).fetchone())


class Witness:
    """The note in its file; only the writer thread uses it."""

    def __init__(self, path: Path) -> None:
        self._path, self._file = path, -1
        self.mark = _read(path)

    def note(self, mark: Mark) -> None:
        """Write the mark down; a note that cannot be written is missing, and nothing else."""
        if mark == self.mark:
            return
        self.mark = mark
        body = _FORM.pack(*mark, zlib.crc32(_FORM.pack(*mark, 0)))
        with contextlib.suppress(OSError):
            if self._file < 0:
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            os.pwrite(self._file, body, 0)

    def close(self) -> None:
        """Close the file; the next note opens it again."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _read(path: Path) -> Mark:
    try:
        *found, check = _FORM.unpack(path.read_bytes())
    except (OSError, struct.error):
        return Mark()
    mark = Mark._make(found)
    return mark if zlib.crc32(_FORM.pack(*mark, 0)) == check else Mark()
