"""The highest row numbers, noted beside the database: rows that its log loses are missed."""

import sqlite3
from pathlib import Path
from typing import NamedTuple

from legwatch_runtime.note import Note


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
    """The mark in its file; only the writer thread uses it."""

    def __init__(self, path: Path) -> None:
        self._note = Note(path, len(Mark._fields))

    @property
    def mark(self) -> Mark:
        """The last mark that was noted."""
        return Mark._make(self._note.numbers)

    def note(self, mark: Mark) -> None:
        """Write the mark down."""
        self._note.write(tuple(mark))

    def close(self) -> None:
        """Close the file; the next mark opens the one that is at the path then."""
        self._note.close()
