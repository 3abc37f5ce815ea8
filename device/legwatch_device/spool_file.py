"""The file of the spool: a damaged one is set aside, and what can be read of it is saved over.

Where not even a new file can be made, the spool goes on in memory: the bed must not stay dark.
"""

import contextlib
import logging
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from legwatch_runtime import aside, salvage
from legwatch_runtime.clock import utc_ms
from legwatch_runtime.note import Note

logger = logging.getLogger(__name__)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS spool (
  id INTEGER PRIMARY KEY AUTOINCREMENT, boot TEXT NOT NULL, seq INTEGER NOT NULL,
  to_ms INTEGER NOT NULL, mono_ms INTEGER NOT NULL, clock TEXT NOT NULL, payload BLOB NOT NULL,
  UNIQUE (boot, seq));
CREATE TABLE IF NOT EXISTS presses (
  id INTEGER PRIMARY KEY AUTOINCREMENT, after_id INTEGER NOT NULL, payload BLOB NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
"""
# A window changes three pages, and each flush writes them whole: small ones spare the card. A file
# that is there keeps its own size.
_PAGE_BYTES = 1024
_TABLES = ("facts", "presses", "spool")
_SEQUENCES = ("spool", "presses")
_MOST = 1 << 40  # all rows at once: a spool has 14 nights
_IN_MEMORY = ":memory:"
# Connections to files that have another name now: closing one would delete the log of the file that
# has their name. They end with the process.
_NEVER_CLOSED: list[sqlite3.Connection] = []


class SpoolMoved(sqlite3.OperationalError):
    """The file at the path is not the one that is open."""


class SpoolFile:
    """The connection to the spool; only one thread may use it."""

    def __init__(self, path: Path | str) -> None:
        self._path = None if str(path) == _IN_MEMORY else Path(path)
        self._note = None if self._path is None else Note(_beside(self._path), 2)
        self._open: tuple[int, int] | None = None
        self.has_left = False  # the path, and goes on in memory
        try:
            self.db = self._made(path)
            self._check_content()
            self._count_missing()
        except sqlite3.Error as error:
            if self._path is None or not salvage.is_damage(error):
                self._close_made()
                raise
            self.renew(error)
        except UnicodeDecodeError as error:  # SQLite quotes a damaged name in its message
            self.renew(sqlite3.DatabaseError(f"a name in it is not readable: {error.reason}"))

    @property
    def on_disk(self) -> bool:
        """False if there is no file, only memory."""
        return self._path is not None

    @contextlib.contextmanager
    def unflushed(self) -> Iterator[None]:
        """Let commits not wait for the card: a power cut may undo them, and harms nothing."""
        self.db.execute("PRAGMA synchronous=NORMAL")
        try:
            yield
        finally:
            self.db.execute("PRAGMA synchronous=FULL")

    def used_bytes(self) -> int:
        """Return how much of the file is in use; freed pages are used again."""
        pages, free, size = (
            int(self.db.execute(f"PRAGMA {name}").fetchone()[0])
            for name in ("page_count", "freelist_count", "page_size")
        )
        return (pages - free) * size

    def check(self) -> None:
        """Raise SpoolMoved if the file at the path is not the open one."""
        if self._open is not None and _identity(self._path) != self._open:
            raise SpoolMoved("its file was moved, deleted or replaced")

    def renew(self, error: sqlite3.Error) -> None:
        """Set the damaged file aside, and go on in a new one or in memory."""
        old = getattr(self, "db", None)
        if self._note is not None:
            self._note.close()
        source = self._take_away(old, error)
        try:
            saved, lost = self._filled(source)
        except (OSError, sqlite3.Error) as fault:
            logger.warning("spool: no new file can be made (%s); it goes on in memory", fault)
            self._leave()
            saved, lost = self._filled(source)
        logger.warning(
            "spool: it is damaged (%s) and set aside; %s windows are saved over, %s are lost",
            error, saved, lost,
        )  # fmt: skip
        if source is not None and source is not old:
            source.close()

    def _filled(self, source: sqlite3.Connection | None) -> tuple[int, int]:
        """Make the new spool, and save over what can be read; raises OSError, sqlite3.Error."""
        self.db = self._made(self._path or _IN_MEMORY)
        try:
            return self._saved_over(source)
        except BaseException:
            self.db.close()
            raise

    def _leave(self) -> None:
        """Go on in memory; without a new file, which the next start would take for the spool."""
        path = self._in_its_place()
        if path is not None:
            with contextlib.suppress(OSError):
                aside.clear(path)

    def _take_away(
        self, old: sqlite3.Connection | None, error: sqlite3.Error
    ) -> sqlite3.Connection | None:
        """Set the file aside; return a connection to what was the spool, if there is any."""
        if isinstance(error, SpoolMoved) and old is not None:
            _NEVER_CLOSED.append(old)
            self._set_aside()
            return old
        if old is not None:
            old.close()  # before its name belongs to another file
        return _opened(self._set_aside())

    def _set_aside(self) -> Path | None:
        if self._path is None:
            return None
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if not self._path.exists():
                aside.clear(self._path)  # a log alone: a new file would take it for its own
                return None
            name = aside.set_aside(self._path, utc_ms())
            aside.forget_oldest(self._path, but=name)
        except OSError as error:
            logger.warning("spool: %s cannot be set aside (%s)", self._path, error)
            return self._in_its_place()
        return name

    def _in_its_place(self) -> Path | None:
        """Leave a file where it is that nobody can move, and go on in memory."""
        path, self._path, self._open = self._path, None, None
        self.has_left |= path is not None
        return path

    def _made(self, path: Path | str) -> sqlite3.Connection:
        db = sqlite3.connect(path, isolation_level=None)
        try:
            db.execute(f"PRAGMA page_size={_PAGE_BYTES}")
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=FULL")
            db.executescript(_SCHEMA)
        except BaseException:
            db.close()
            raise
        self._open = _identity(self._path)
        return db

    def _check_content(self) -> None:
        """Raise DatabaseError for damage; costs less than a second for 14 nights."""
        ((found,),) = self.db.execute("PRAGMA integrity_check(1)").fetchall()
        if found != "ok":
            raise sqlite3.DatabaseError(f"malformed: {' '.join(str(found).split())}")

    def _saved_over(self, source: sqlite3.Connection | None) -> tuple[int, int]:
        """Save over what can be read; return how many windows, and how many are lost at least."""
        noted_low, top = self._noted()
        gaps = 0
        self.db.execute("BEGIN IMMEDIATE")
        if source is not None:
            top = max(top, _top(source))
            below = max(top, 1) + 1 if top else salvage.HIGHEST
            for table in _TABLES:
                from_ = below if table == "spool" else salvage.HIGHEST
                gaps = salvage.save(source, self.db, table, from_, most=_MOST).gaps
        found = self.db.execute("SELECT count(*), min(id), max(id) FROM spool").fetchone()
        saved, lowest, highest = (int(value or 0) for value in found)
        top, first = max(top, highest), noted_low or lowest
        lost = max(0, top - first + 1 - saved) if first else min(1, top or 1)
        lost = max(lost, min(gaps, 1))
        self.count_lost(lost)
        self._raise_numbers(top)
        self.db.execute("COMMIT")
        return saved, lost

    def count_lost(self, lost: int) -> None:
        """Add to the count that the server is told; inside a transaction."""
        self.db.execute(
            "INSERT INTO facts VALUES ('lost', ?1)"
            " ON CONFLICT (name) DO UPDATE SET value = min(value + ?1, 1 << 53)",
            (lost,),
        )

    def _close_made(self) -> None:
        """Close the database if there is one already."""
        made: sqlite3.Connection | None = getattr(self, "db", None)
        if made is not None:
            made.close()

    def close(self) -> None:
        """Close the database and its note."""
        self.db.close()
        if self._note is not None:
            self._note.close()

    def note(self) -> None:
        """Note which windows wait, so that they are missed if the log of the file loses them."""
        if self._note is not None:
            low, high = self._waiting()
            self._note.write((low or high + 1, high))

    def forget_note(self) -> None:
        """Delete the note, so that no other spool misses what this one has."""
        if self._note is not None:
            self._note.forget()

    def _waiting(self) -> tuple[int, int]:
        """Return the lowest number of a window, 0 if there is none, and the highest ever given."""
        (low,) = self.db.execute("SELECT min(id) FROM spool").fetchone()
        row = self.db.execute("SELECT seq FROM sqlite_sequence WHERE name='spool'").fetchone()
        return int(low or 0), int(row[0]) if row else 0

    def _noted(self) -> tuple[int, int]:
        return (0, 0) if self._note is None else (self._note.numbers[0], self._note.numbers[1])

    def _count_missing(self) -> None:
        """Count what a log has lost whose end was cut or damaged: SQLite says no word of it."""
        low, high = self._noted()
        there = self._waiting()[1]
        if there >= high:
            return
        lost = high - max(low - 1, there)
        self.db.execute("BEGIN IMMEDIATE")
        self.count_lost(lost)
        self._raise_numbers(high)
        self.db.execute("COMMIT")
        logger.warning("spool: what was stored last is missing: %s windows are lost", lost)

    def _raise_numbers(self, top: int) -> None:
        """Give no new window a number that an old one had: the sender goes by the numbers."""
        for table in _SEQUENCES:
            self.db.execute("DELETE FROM sqlite_sequence WHERE name=?", (table,))
            self.db.execute("INSERT INTO sqlite_sequence VALUES (?, ?)", (table, max(top, 1)))


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}-mark")


def _opened(path: Path | None) -> sqlite3.Connection | None:
    if path is None:
        return None
    with contextlib.suppress(sqlite3.Error), contextlib.ExitStack() as undo:
        source = sqlite3.connect(path, isolation_level=None)
        undo.callback(source.close)
        salvage.lenient(source)
        undo.pop_all()
        return source
    return None


def _top(source: sqlite3.Connection) -> int:
    """Return the highest number that a window of a damaged file had; 0: not known."""
    asked: tuple[Callable[[], sqlite3.Cursor], ...] = (
        lambda: source.execute("SELECT seq FROM sqlite_sequence WHERE name='spool'"),
        lambda: source.execute("SELECT max(id) FROM spool NOT INDEXED"),
    )
    found = 0
    for ask in asked:
        try:
            row = ask().fetchone()
            number = int(row[0] or 0) if row else 0
        except salvage.FAULTS:
            continue
        if number < salvage.HIGHEST:
            found = max(found, number)
    return found


def _identity(path: Path | None) -> tuple[int, int] | None:
    if path is None:
        return None
    try:
        found = os.stat(path)  # noqa: PTH116 - at each window: without the cost of a Path
    except OSError:
        return None
    return found.st_dev, found.st_ino
