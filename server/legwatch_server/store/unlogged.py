"""Opens a database without a log, which SQLite makes even to read: where the disk takes none.

After a power cut there is a log with rows, and SQLite needs to write beside it to read them. Then
both are copied, and read from memory.
"""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from legwatch_server.store import in_memory
from legwatch_server.store.errors import StoreError

LARGEST = 400_000_000  # bytes; a small board has no more memory for a copy


def opened(path: Path) -> sqlite3.Connection | None:
    """Open a file that nobody can write now; None: its log has rows that cannot be read."""
    log = path.with_name(f"{path.name}-wal")
    try:
        if log.exists() and log.stat().st_size:
            return _copied(path, log)
        uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    except (OSError, StoreError, sqlite3.Error):
        return None


def _copied(path: Path, log: Path) -> sqlite3.Connection | None:
    """Return a copy with the rows of the log; raises OSError, StoreError, sqlite3.Error."""
    if path.stat().st_size + log.stat().st_size > LARGEST:
        return None
    place = in_memory.folder()
    db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    try:
        for part in (path, log):
            shutil.copy(part, place)
        with closing(sqlite3.connect(place / path.name)) as copy:
            copy.backup(db)
    except BaseException:
        db.close()
        raise
    finally:
        in_memory.leave(place)
    return db
