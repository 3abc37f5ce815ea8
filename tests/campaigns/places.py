"""What happens to the place of the database while the server runs: moved, gone, locked, full.

Each is a context: inside it the night goes on, and its end gives the place back, if it can.
"""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from unittest.mock import patch

from campaigns.ward import Ward
from legwatch_server.beds import writer
from legwatch_server.store.connection import connect

Happening = Callable[[Ward], AbstractContextManager[None]]
_PATIENCE_S = 0.01


@contextmanager
def impatient() -> Iterator[None]:
    """Let the server wait for a lock or a full disk for milliseconds, not for a minute."""
    with (
        patch.object(writer, "RETRY_S", (0.0,)),
        patch.object(writer, "WITHOUT_S", 0.0),
        patch("legwatch_server.store.file.PATIENCE_S", _PATIENCE_S),
        patch("legwatch_server.store.database.REFUGE_PATIENCE_MS", 2),
    ):
        yield


def _hurry(ward: Ward) -> None:
    """Let the connections that are open wait for milliseconds as well."""
    for db in _connections(ward):
        db.execute(f"PRAGMA busy_timeout={int(_PATIENCE_S * 1000)}")


def _connections(ward: Ward) -> list[sqlite3.Connection]:
    store = ward.server.store
    return [store._db, *(line.now() for line in store._file._lines if not line.closed)]


@contextmanager
def renamed(ward: Ward) -> Iterator[None]:
    """Rename the folder."""
    ward.path.parent.rename(ward.path.parent.with_name("elsewhere"))
    yield


@contextmanager
def removed(ward: Ward) -> Iterator[None]:
    """Remove the folder with all that is in it."""
    shutil.rmtree(ward.path.parent)
    yield


@contextmanager
def deleted(ward: Ward) -> Iterator[None]:
    """Delete the database, and leave its log."""
    ward.path.unlink()
    yield


@contextmanager
def log_deleted(ward: Ward) -> Iterator[None]:
    """Delete the log, and leave the database."""
    ward.path.with_name(f"{ward.path.name}-wal").unlink()
    yield


@contextmanager
def replaced(ward: Ward) -> Iterator[None]:
    """Put an empty database of somebody else in its place."""
    other = ward.path.with_name("other")
    with closing(sqlite3.connect(other)) as db:
        db.execute("CREATE TABLE theirs (x)")
    other.replace(ward.path)
    yield


@contextmanager
def restored(ward: Ward) -> Iterator[None]:
    """Put an older copy of itself in its place, as somebody does who restores a backup."""
    copy = ward.path.with_name("copy")
    shutil.copy(ward.path, copy)
    copy.replace(ward.path)
    yield


@contextmanager
def overwritten(ward: Ward) -> Iterator[None]:
    """Write rubbish over the whole file."""
    size = ward.path.stat().st_size
    with ward.path.open("r+b") as out:
        out.write(b"rubbish " * (size // 8))
    ward.server.store._db.execute("PRAGMA shrink_memory")
    yield


@contextmanager
def folder_is_a_file(ward: Ward) -> Iterator[None]:
    """Rename the folder, and let nobody make it again."""
    folder = ward.path.parent
    folder.rename(folder.with_name("elsewhere"))
    folder.write_text("a file where the folder was")
    yield
    folder.unlink()
    shutil.copytree(folder.with_name("elsewhere"), folder)


@contextmanager
def locked(ward: Ward) -> Iterator[None]:
    """Hold a lock, as a program does that copies the database."""
    _hurry(ward)
    with closing(sqlite3.connect(ward.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def read_only(ward: Ward) -> Iterator[None]:
    """Let no connection write, as on a card that went read-only."""
    _hurry(ward)
    with _refused(ward.path, "PRAGMA query_only=1"):
        for db in _connections(ward):
            db.execute("PRAGMA query_only=1")
        yield


@contextmanager
def full(ward: Ward) -> Iterator[None]:
    """Let the file not grow by a page, as on a full disk."""
    _hurry(ward)
    with _refused(ward.path, "PRAGMA max_page_count=1"):
        ward.server.store._db.execute("PRAGMA max_page_count=1")
        yield


@contextmanager
def _refused(home: Path, pragma: str) -> Iterator[None]:
    """Let every new connection to the disk's file have the same limit."""

    def limited(path: Path, *, durable: bool, patience_s: float) -> sqlite3.Connection:
        db = connect(path, durable=durable, patience_s=patience_s)
        if path == home:
            db.execute(pragma)
        return db

    with patch("legwatch_server.store.file.connect", limited):
        yield


HAPPENINGS: dict[str, Happening] = {
    "folder renamed": renamed,
    "folder removed": removed,
    "folder a file": folder_is_a_file,
    "file deleted": deleted,
    "log deleted": log_deleted,
    "file replaced": replaced,
    "backup put back": restored,
    "overwritten": overwritten,
    "locked": locked,
    "read-only": read_only,
    "full": full,
}
