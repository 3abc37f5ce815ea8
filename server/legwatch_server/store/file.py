"""The file of the store: the one place that knows its path, and which file is open there now.

A damaged file is exchanged for a new one while the server runs. Each connection therefore belongs
to a generation of the file; a `Line` opens a new connection when a new generation has begun.
"""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import lru_cache, wraps
from pathlib import Path
from typing import Concatenate, NamedTuple, ParamSpec, Protocol, TypeVar

from legwatch_server.store.connection import PATIENCE_S, connect, translated
from legwatch_server.store.errors import StoreDamaged, StoreMoved

P = ParamSpec("P")
T = TypeVar("T")


class _Identity(NamedTuple):
    """What tells a file from every other one, whatever its name."""

    device: int
    inode: int


class StoreFile:
    """Used by every thread that opens the store; the writer thread exchanges the file."""

    def __init__(self, path: Path, *, durable: bool = True) -> None:
        self.path, self.durable = path, durable
        self.patience_s = PATIENCE_S  # how long a new connection waits for a lock
        self.generation = 0
        self.suspected = ""  # damage that a thread has found which does not own the file
        self._open: tuple[_Identity | None, ...] = ()
        self._lines: list[Line] = []

    def connect(self) -> sqlite3.Connection:
        """Open a connection to the file at the path."""
        return connect(self.path, durable=self.durable, patience_s=self.patience_s)

    def line(self, *, checkpoints: bool = True) -> "Line":
        """Return a connection that follows the file; the caller closes it.

        `checkpoints`: a commit of it may bring back to the file what the log has.
        """
        line = Line(self, checkpoints=checkpoints)
        self._lines = [*(other for other in self._lines if not other.closed), line]
        return line

    def begin(self) -> None:
        """Begin a generation: the file at the path is the open one from now on."""
        self._open = self._at_path()
        self.generation += 1
        self.suspected = ""

    def check(self) -> None:
        """Raise StoreDamaged if the file at the path is not the open one, or is damaged."""
        if self._at_path() != self._open:
            raise StoreMoved(f"{self.path} was moved, deleted or replaced")
        if self.suspected:
            raise StoreDamaged(self.suspected)

    def suspect(self, why: str, generation: int) -> None:
        """Note damage that was found in a generation; the writer exchanges the file then."""
        if generation == self.generation:
            self.suspected = why

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Close all lines, and let none open again before the end of the block.

        SQLite deletes a log by its name when the last connection to a file is closed. So all must
        be closed before the name belongs to another file.
        """
        with ExitStack() as held:
            for line in self._lines:
                held.enter_context(line.lock)
                line.drop()
            yield

    def parts(self) -> tuple[Path, ...]:
        """Return the paths of the database and of its write-ahead log."""
        return self.path, self.path.with_name(f"{self.path.name}-wal")

    def _at_path(self) -> tuple[_Identity | None, ...]:
        return tuple(map(_identity, _names(self.path)))


class Line:
    """One thread's connection, which follows the file from one generation to the next."""

    def __init__(self, file: StoreFile, *, checkpoints: bool = True) -> None:
        self._file, self._checkpoints = file, checkpoints
        self.lock = threading.RLock()  # held while the connection is used
        self.closed = False
        self._generation, self._db = file.generation, self._opened()

    def _opened(self) -> sqlite3.Connection:
        db = self._file.connect()
        if not self._checkpoints:
            db.execute("PRAGMA wal_autocheckpoint=0")
        return db

    def now(self) -> sqlite3.Connection:
        """Return the connection to the file that is in use now; the caller is under `guard`."""
        if self._generation != self._file.generation:
            self.drop()
            self._generation, self._db = self._file.generation, self._opened()
        return self._db

    def sync(self, *, each: bool) -> None:
        """Let each commit of the connection wait for the disk, or leave that to later ones."""
        if self._file.durable:
            self.now().execute(f"PRAGMA synchronous={'FULL' if each else 'NORMAL'}")

    def drop(self) -> None:
        """Close the connection until it is needed again."""
        self._db.close()
        self._generation = -1

    def close(self) -> None:
        """Close the connection for good."""
        self._db.close()
        self.closed = True

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Translate errors; damage is noted, so that the writer hears of it."""
        with self.lock:
            try:
                with translated():
                    yield
            except StoreDamaged as error:
                self._file.suspect(str(error), self._generation)
                raise


class _Guarded(Protocol):
    def guard(self) -> AbstractContextManager[None]:
        """Translate errors, and note damage."""


S = TypeVar("S", bound=_Guarded)


def guarded(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """Run a method under the guard of its object."""

    @wraps(method)
    def call(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        with self.guard():
            return method(self, *args, **kwargs)

    return call


@lru_cache(maxsize=4)
def _names(path: Path) -> tuple[str, str]:
    """Return the names of the database and of its log; at each commit: made once."""
    return str(path), f"{path}-wal"


def _identity(path: str) -> _Identity | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - at each commit: without the cost of a Path
    except OSError:
        return None
    return _Identity(found.st_dev, found.st_ino)
