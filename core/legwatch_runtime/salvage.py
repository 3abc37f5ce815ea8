"""Reads what can be read of a damaged file, row by row, and saves it over into another one.

Rows are read from the newest to the oldest by their number in the table, without any index. Where a
row cannot be read, the reader leaps over it: by one, two, four ... numbers, until it finds a row
again. A row with a value that no column of its kind can hold is left out.

Nothing of the damaged file is believed: the tables' columns and types are those of the new file,
and texts, numbers and sizes have limits.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

HIGHEST = 1 << 48  # no row has a higher number; what comes after it has room for ever
SLICE = 500  # rows in one transaction
MOST_BYTES = 4 << 20  # of a value: ten times the longest that is ever stored
_LONGEST = (1 << 31) - 1  # SQLite takes its own limit for a higher one
_WHOLE = 1 << 53  # beyond it a number is no longer exact in JSON: nobody stores one
# What reading a damaged page may raise.
FAULTS = (sqlite3.Error, ValueError, TypeError, OverflowError, MemoryError)
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
# By (table, column): whether a value can stand there, beyond its type.
Tests = Mapping[tuple[str, str], Callable[[object], bool]]


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
    test: Callable[[object], bool] | None = None

    @property
    def is_number(self) -> bool:
        """True if it holds the number of a row, of this table or another."""
        return self.name == "id" or self.name.endswith("_id")


class Saved(NamedTuple):
    """What came of a table: rows saved, gaps leapt over, and from where to go on; 0: all done."""

    table: str
    rows: int
    gaps: int
    below: int


def columns(db: sqlite3.Connection, table: str, tests: Tests) -> list[Column]:
    """Return the columns of a table of a sound file; raises sqlite3.Error."""
    return [
        Column(name, _KINDS[kind], not (required or key), tests.get((table, name)))
        for _, name, kind, required, _, key in db.execute(f"PRAGMA table_info({table})")
    ]


def save(
    source: sqlite3.Connection,
    target: sqlite3.Connection,
    table: str,
    below: int = HIGHEST,
    *,
    most: int = SLICE,
    tests: Tests | None = None,
) -> Saved:
    """Save over at most `most` rows of a table with a number under `below`, the newest first.

    The caller has a transaction on `target`. What is there already is kept.
    """
    found = _Rows(source, _found(source, target, table, tests or {}), table)
    if not found.known:
        return Saved(table, 0, 1, 0)
    target.executemany(found.insert, found.sound(below, most))
    return Saved(table, found.rows, found.gaps, found.last)


class _Place(NamedTuple):
    """Where in a row of the damaged file the value of a column stands."""

    column: Column
    at: int


class _Rows:
    """The rows of one table of a damaged file."""

    def __init__(self, source: sqlite3.Connection, places: Sequence[_Place], table: str) -> None:
        self._source, self._table, self._places = source, table, places
        self.known = bool(places)
        self.rows, self.gaps = 0, 0
        self.last = 0  # the number of the last row that was read; 0: there are none below
        names = ", ".join(place.column.name for place in places)
        values = ", ".join("?" * len(places))
        self.insert = f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({values})"  # noqa: S608 - our own words

    def sound(self, below: int, most: int) -> Iterator[tuple[Any, ...]]:
        """Yield at most so many rows under a number that can be stored."""
        for number, row in self.under(below):
            values = self._values(row)
            if values is None:
                self.gaps += 1
                continue
            self.rows += 1
            self.last = number if self.rows >= most else 0
            yield values
            if self.last:
                return

    def under(self, below: int) -> Iterator[tuple[int, tuple[Any, ...]]]:
        """Yield (number, row) of what can be read under a number, downwards."""
        while below > 1:
            try:
                for number, *row in self._read(below):
                    if not _is_between(number, below):
                        break  # a page that belongs elsewhere
                    below = number
                    yield number, tuple(row)
                else:
                    return
            except FAULTS:
                pass
            if last := self._one(below):  # Python drops a row when the one after it fails
                below = last[0]
                yield below, last[1:]
            else:
                self.gaps += 1
                below = self._next_readable(below)

    def _values(self, row: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """Return the values to store; None if one of them cannot stand in its column."""
        values = tuple(row[at] for _, at in self._places)
        fits = all(
            _fits(place.column, value) for place, value in zip(self._places, values, strict=True)
        )
        return values if fits else None

    def _read(self, below: int, most: int = -1) -> sqlite3.Cursor:
        # By their places: a name in the damaged file may be damaged as well.
        sql = (
            f"SELECT rowid, * FROM {self._table} NOT INDEXED"  # noqa: S608 - our own words
            " WHERE rowid < ? ORDER BY rowid DESC LIMIT ?"
        )
        return self._source.execute(sql, (below, most))

    def _one(self, below: int) -> tuple[Any, ...] | None:
        """Return the row next below a number; None: there is none, or it cannot be read."""
        try:
            row: tuple[Any, ...] | None = self._read(below, 1).fetchone()
        except FAULTS:
            return None
        return row if row and _is_between(row[0], below) else None

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
            row = self._read(below, 1).fetchone()
        except FAULTS:
            return False
        return row is None or _is_between(row[0], below)


def _is_between(number: object, below: int) -> bool:
    return isinstance(number, int) and 0 < number < below


def _leaps(below: int) -> Iterator[int]:
    """Yield ever lower numbers: below it by 1, 2, 4 ..., and then powers of two down to 1."""
    step = 1
    while step < below // 2:
        yield below - step
        step *= 2
    while step := step // 2:
        if step < below:
            yield step


def _found(
    source: sqlite3.Connection, target: sqlite3.Connection, table: str, tests: Tests
) -> list[_Place]:
    """Return the columns of the new file and where the damaged one has them; none: no such table.

    A column whose name is damaged is known by its place.
    """
    wanted = columns(target, table, tests)
    try:
        names = [str(name) for _, name, *_ in source.execute(f"PRAGMA table_info({table})")]
    except FAULTS:
        return []
    if len(names) == len(wanted):
        ours = {column.name for column in wanted}
        names = [
            name if name in ours else column.name
            for name, column in zip(names, wanted, strict=True)
        ]
    return [_Place(column, names.index(column.name)) for column in wanted if column.name in names]


def _fits(column: Column, value: object) -> bool:
    if value is None:
        return column.optional
    if column.test is not None and not column.test(value):
        return False
    if isinstance(value, int) and abs(value) >= (HIGHEST if column.is_number else _WHOLE + 1):
        return False
    return isinstance(value, column.types) and not (isinstance(value, str) and "\ufffd" in value)


def lenient(db: sqlite3.Connection) -> sqlite3.Connection:
    """Let a connection read a damaged file: text that is none, and other tables than a lost one.

    A row with such a text is left out afterwards. Raises sqlite3.Error.
    """
    decode: Callable[[bytes], str] = lambda raw: raw.decode("utf-8", "replace")  # noqa: E731
    db.text_factory = decode
    db.execute("PRAGMA writable_schema=ON")  # a table that cannot be made out hides no other
    db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_BYTES)
    return db


def strict(db: sqlite3.Connection) -> None:
    """Undo what `lenient` has done. Raises sqlite3.Error."""
    db.text_factory = str
    db.execute("PRAGMA writable_schema=OFF")
    db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
