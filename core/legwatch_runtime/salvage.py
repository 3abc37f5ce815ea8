"""Reads what can be read of a damaged file, row by row, and saves it over into another one.

Rows are read from the newest to the oldest by their number in the table, without any index. Where a
row cannot be read, the reader leaps over it: by one, two, four ... numbers, until it finds a row
again. A row with a value that no column of its kind can hold is left out.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

HIGHEST = 1 << 53  # no row has a higher number
SLICE = 500  # rows in one transaction
# What reading a damaged page may raise.
_FAULTS = (sqlite3.Error, ValueError, OverflowError, MemoryError)
_KINDS: dict[str, tuple[type, ...]] = {
    "INTEGER": (int,),
    "REAL": (int, float),
    "TEXT": (str,),
    "BLOB": (bytes,),
}


_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}  # primary codes
_UNREADABLE = {
    sqlite3.SQLITE_IOERR_READ,
    sqlite3.SQLITE_IOERR_SHORT_READ,
    sqlite3.SQLITE_IOERR_CORRUPTFS,
}
# SQLite has no code for these; `no such` is a table that a damaged schema does not name, and a
# closed connection is one to a file for which there is no new one yet.
_SAYINGS = (
    "malformed", "not a database", "could not decode to utf-8", "no such ", "closed database",
)  # fmt: skip
# Columns, as (table, column), that hold one of these words.
Words = Mapping[tuple[str, str], frozenset[str]]


def is_damage(error: sqlite3.Error) -> bool:
    """Return True if an error of SQLite says that the content of the file is damaged."""
    code = getattr(error, "sqlite_errorcode", 0)
    if code & 0xFF in _DAMAGED or code in _UNREADABLE:
        return True
    return any(saying in str(error).lower() for saying in _SAYINGS)


class Column(NamedTuple):
    """A column of a table: its name, the types that it can hold, and whether it may be empty."""

    name: str
    types: tuple[type, ...]
    optional: bool
    words: frozenset[str] | None = None


class Saved(NamedTuple):
    """What came of a table: rows saved, gaps leapt over, and from where to go on; 0: all done."""

    table: str
    rows: int
    gaps: int
    below: int


def columns(db: sqlite3.Connection, table: str, words: Words) -> list[Column]:
    """Return the columns of a table; raises sqlite3.Error."""
    return [
        Column(name, _KINDS[kind], not (required or key), words.get((table, name)))
        for _, name, kind, required, _, key in db.execute(f"PRAGMA table_info({table})")
    ]


def save(
    source: sqlite3.Connection,
    target: sqlite3.Connection,
    table: str,
    below: int = HIGHEST,
    *,
    most: int = SLICE,
    words: Words | None = None,
) -> Saved:
    """Save over at most `most` rows of a table with a number under `below`, the newest first.

    The caller has a transaction on `target`. What is there already is kept.
    """
    found = _Rows(source, _common(source, target, table, words or {}), table)
    if not found.columns:
        return Saved(table, 0, 1, 0)
    rows: list[tuple[Any, ...]] = []
    last = 0
    for number, row in found.under(below):
        last = number
        if found.is_sound(row):
            rows.append(row)
        else:
            found.gaps += 1
        if len(rows) >= most:
            break
    else:
        last = 0
    target.executemany(found.insert, rows)
    return Saved(table, len(rows), found.gaps, last)


class _Rows:
    """The rows of one table of a damaged file."""

    def __init__(self, source: sqlite3.Connection, columns: Sequence[Column], table: str) -> None:
        self._source, self._table, self.columns = source, table, columns
        self.gaps = 0
        self._names = ", ".join(column.name for column in self.columns)
        places = ", ".join("?" * len(self.columns))
        self.insert = f"INSERT OR IGNORE INTO {table} ({self._names}) VALUES ({places})"  # noqa: S608 - our own words

    def under(self, below: int) -> Iterator[tuple[int, tuple[Any, ...]]]:
        """Yield (number, row) of what can be read under a number, downwards."""
        while below > 1:
            try:
                for number, *row in self._read(below):
                    if not 0 < number < below:
                        break  # a page that belongs elsewhere
                    below = number
                    yield number, tuple(row)
                else:
                    return
            except _FAULTS:
                pass
            self.gaps += 1
            below = self._next_readable(below)

    def is_sound(self, row: tuple[Any, ...]) -> bool:
        """Return True if each value can stand in its column."""
        return all(map(_fits, self.columns, row))

    def _read(self, below: int) -> sqlite3.Cursor:
        sql = (
            f"SELECT rowid, {self._names} FROM {self._table} NOT INDEXED"  # noqa: S608 - our own words
            " WHERE rowid < ? ORDER BY rowid DESC"
        )
        return self._source.execute(sql, (below,))

    def _next_readable(self, below: int) -> int:
        """Return a number under which a row can be read; at most double the gap is left out."""
        tried = below
        for candidate in _leaps(below):
            if self._readable(candidate):
                return self._closest(candidate, tried)
            tried = candidate
        return 0

    def _closest(self, good: int, bad: int) -> int:
        """Return the highest number between both under which a row can be read."""
        while bad - good > 1:
            middle = (good + bad) // 2
            if self._readable(middle):
                good = middle
            else:
                bad = middle
        return good

    def _readable(self, below: int) -> bool:
        try:
            row = self._read(below).fetchone()
        except _FAULTS:
            return False
        return row is None or 0 < row[0] < below


def _leaps(below: int) -> Iterator[int]:
    """Yield ever lower numbers: below it by 1, 2, 4 ..., and then powers of two down to 1."""
    step = 1
    while step < below // 2:
        yield below - step
        step *= 2
    while step := step // 2:
        if step < below:
            yield step


def _common(
    source: sqlite3.Connection, target: sqlite3.Connection, table: str, words: Words
) -> list[Column]:
    """Return the columns that both files have; none if the table cannot be found."""
    try:
        names = {column.name for column in columns(source, table, words)}
    except _FAULTS:
        return []
    return [column for column in columns(target, table, words) if column.name in names]


def _fits(column: Column, value: object) -> bool:
    if value is None:
        return column.optional
    if column.words is not None and value not in column.words:
        return False
    return isinstance(value, column.types) and not (isinstance(value, str) and "\ufffd" in value)


def lenient(db: sqlite3.Connection) -> sqlite3.Connection:
    """Let a connection read text that is none; such rows are left out afterwards."""
    decode: Callable[[bytes], str] = lambda raw: raw.decode("utf-8", "replace")  # noqa: E731
    db.text_factory = decode
    return db
