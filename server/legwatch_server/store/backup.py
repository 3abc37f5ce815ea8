"""Copies a database before its tables are changed: only with the copy can its owner go back.

The copy lies beside the database and names the version of its tables. A few are kept. While it is
made nobody watches, and windows wait at the broker; so it is made once, and never twice of the same
rows. Where there is no room for it the server goes on without: who sleeps tonight comes first.
"""

import logging
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from legwatch_runtime import systemd
from legwatch_runtime.clock import instant
from legwatch_server.store import upgrade, witness
from legwatch_server.store.connection import connect_read_only

logger = logging.getLogger(__name__)

MOST_KEPT = 2  # copies; the oldest of more is deleted
SPARE_BYTES = 64 << 20  # must stay free beside the copy: the new tables need room as well
SAID_EVERY_S, TOLD_EVERY_S = 10.0, 1.0  # while a copy is made: in the log, to the manager
HOW = "deploy/README.md says how to go back"
_MARK, _UNFINISHED = ".schema", ".part"
_PAGES = 2000  # copied in one go


class Backup(NamedTuple):
    """What came of it: the copy, or why there is none."""

    path: Path | None
    why: str = ""


def make(db: sqlite3.Connection, path: Path, version: int, now_ms: int) -> Backup:
    """Copy the database at `path`, whose tables are of `version`; raises nothing."""
    try:
        for rest in path.parent.glob(f"{path.name}{_MARK}*{_UNFINISHED}*"):
            rest.unlink()  # of a copy that a kill has cut off
        if (there := _made_before(db, path, version)) is not None:
            logger.info("%s is a copy of the database as it is", there)
            return Backup(there)
        size_bytes = _size_bytes(db)
        if (missing := size_bytes + SPARE_BYTES - shutil.disk_usage(path.parent).free) > 0:
            return Backup(None, f"the disk has {_mb(missing)} too little room for one")
        made = path.with_name(_name(path, version, now_ms))
        logger.warning(
            "%s is of an older legwatch: it is copied to %s (%s) before its tables are changed;"
            " windows wait at the broker meanwhile",
            path, made.name, _mb(size_bytes),
        )  # fmt: skip
        _copy(db, made)
    except (OSError, sqlite3.Error) as error:
        return Backup(None, str(error))
    _forget_oldest(path)
    return Backup(made)


def say(path: Path, before: int, backup: Backup, took_s: tuple[float, float]) -> None:
    """Log what was done, how long it took, and what going back to the older version means."""
    copy_s, tables_s = took_s
    logger.warning(
        "the tables of %s were brought from version %s to %s in %.1f s, after %.1f s for the copy",
        path, before, upgrade.VERSION, tables_s, copy_s,
    )  # fmt: skip
    if backup.path is None:
        logger.error(
            "there is no copy of the database of before (%s): this store has no way back to the"
            " older legwatch",
            backup.why,
        )
    else:
        logger.warning(
            "an older legwatch reads only the copy %s: whoever goes back loses what comes from now"
            " on; %s. Delete the copy when you no longer want to go back",
            backup.path, HOW,
        )  # fmt: skip


def found(path: Path) -> Iterator[Path]:
    """Yield the copies of the database at `path`, the oldest first."""
    copies = (
        file for file in path.parent.glob(f"{path.name}{_MARK}*") if _UNFINISHED not in file.name
    )
    yield from sorted(copies, key=lambda file: file.name.partition("-")[2])


def _copy(db: sqlite3.Connection, made: Path) -> None:
    """Write the copy under another name first, so that no half of one is taken for it."""
    part = made.with_name(f"{made.name}{_UNFINISHED}")
    try:
        part.touch(0o600, exist_ok=False)  # as private as the database
        with closing(sqlite3.connect(part, isolation_level=None)) as copy:
            copy.execute("PRAGMA synchronous=OFF")  # it is synced once, when it is whole
            copy.execute("PRAGMA journal_mode=OFF")
            db.backup(copy, pages=_PAGES, progress=_Progress().copied)
        sync(part)
        part.rename(made)
        sync(made.parent)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise


class _Progress:
    """Says in the log how far a copy is, and to the manager of the process that it goes on."""

    def __init__(self) -> None:
        self._told = self._said = instant()

    def copied(self, _status: int, left: int, pages: int) -> None:
        now = instant()
        if now.since(self._told) >= TOLD_EVERY_S:
            self._told = now
            systemd.tell(systemd.STARTS)
            systemd.tell(systemd.WELL)
        if now.since(self._said) >= SAID_EVERY_S:
            self._said = now
            logger.info("%.0f %% is copied", 100 * (1 - left / max(1, pages)))


def _made_before(db: sqlite3.Connection, path: Path, version: int) -> Path | None:
    """Return a copy that has all rows: a start that was cut off has made it."""
    for copy in found(path):
        if copy.name.startswith(f"{path.name}{_MARK}{version}-"):
            with suppress(sqlite3.Error), closing(connect_read_only(copy)) as there:
                if witness.of(there) == witness.of(db):
                    return copy
    return None


def _forget_oldest(path: Path) -> None:
    for file in list(found(path))[:-MOST_KEPT]:
        try:
            file.unlink()
            logger.warning("deleted %s: there are newer copies", file)
        except OSError as error:
            logger.warning("an older copy cannot be deleted: %s", error)


def _name(path: Path, version: int, now_ms: int) -> str:
    at = datetime.fromtimestamp(now_ms / 1000, UTC).strftime("%Y-%m-%dT%H%M%S")
    return f"{path.name}{_MARK}{version}-{at}"


def _size_bytes(db: sqlite3.Connection) -> int:
    ((pages,),), ((page_bytes,),) = (
        db.execute(f"PRAGMA {name}").fetchall() for name in ("page_count", "page_size")
    )
    return int(pages) * int(page_bytes)


def _mb(size_bytes: int) -> str:
    return f"{max(1, round(size_bytes / 1_000_000))} MB"


def sync(path: Path) -> None:
    """Bring a file or a folder to the disk; raises OSError."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
