"""The server's memory: one SQLite file, write-ahead log, every commit on the disk (FULL)."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from legwatch.errors import CannotRun

SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS beds (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, state TEXT, seen_ms INTEGER NOT NULL DEFAULT 0,
  played INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS boots (
  id INTEGER PRIMARY KEY, bed_id INTEGER NOT NULL REFERENCES beds, boot TEXT NOT NULL,
  upto INTEGER NOT NULL, UNIQUE (bed_id, boot));
CREATE TABLE IF NOT EXISTS windows (
  id INTEGER PRIMARY KEY, bed_id INTEGER NOT NULL, boot_id INTEGER NOT NULL, seq INTEGER NOT NULL,
  from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL, mono_ms INTEGER NOT NULL, clock TEXT NOT NULL,
  leg_c REAL, leg_rh REAL, room_c REAL, room_rh REAL, moves INTEGER, in_bed INTEGER, faults TEXT,
  arrived_ms INTEGER NOT NULL, late INTEGER NOT NULL, UNIQUE (boot_id, seq));
CREATE TABLE IF NOT EXISTS notices (
  id INTEGER PRIMARY KEY AUTOINCREMENT, bed_id INTEGER NOT NULL, at_ms INTEGER NOT NULL,
  kind TEXT NOT NULL, what TEXT NOT NULL, level TEXT NOT NULL, reason TEXT NOT NULL, held TEXT,
  title TEXT NOT NULL, line TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS deliveries (
  id INTEGER PRIMARY KEY AUTOINCREMENT, notice_id INTEGER NOT NULL REFERENCES notices,
  channel TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'decided', attempt INTEGER NOT NULL DEFAULT 0,
  next_ms INTEGER NOT NULL DEFAULT 0, decided_ms INTEGER NOT NULL, claimed_ms INTEGER,
  sent_ms INTEGER, error TEXT);
CREATE INDEX IF NOT EXISTS open_deliveries ON deliveries (channel, next_ms)
  WHERE state IN ('decided', 'claimed');
CREATE TABLE IF NOT EXISTS presses (
  id INTEGER PRIMARY KEY, bed_id INTEGER NOT NULL, press_id TEXT NOT NULL, button TEXT NOT NULL,
  at_ms INTEGER NOT NULL, kind TEXT, UNIQUE (bed_id, press_id));
CREATE TABLE IF NOT EXISTS quarantine (
  id INTEGER PRIMARY KEY, arrived_ms INTEGER NOT NULL, topic TEXT NOT NULL, bed TEXT, boot TEXT,
  seq INTEGER, why TEXT NOT NULL, payload BLOB NOT NULL);
"""
_BED = "INSERT INTO beds (id, name) VALUES (?,?)"
_BOOT = "INSERT INTO boots (id, bed_id, boot, upto) VALUES (?,?,?,?)"
_WINDOW = (
    "INSERT INTO windows (bed_id, boot_id, seq, from_ms, to_ms, mono_ms, clock, leg_c, leg_rh,"
    " room_c, room_rh, moves, in_bed, faults, arrived_ms, late)"
    " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
)
_NOTICE = (
    "INSERT INTO notices (bed_id, at_ms, kind, what, level, reason, held, title, line)"
    " VALUES (?,?,?,?,?,?,?,?,?)"
)
_PRESS = "INSERT OR IGNORE INTO presses (bed_id, press_id, button, at_ms, kind) VALUES (?,?,?,?,?)"
_QUARANTINE = (
    "INSERT INTO quarantine (arrived_ms, topic, bed, boot, seq, why, payload)"
    " VALUES (?,?,?,?,?,?,?)"
)
Row = tuple[object, ...]


class StoreError(CannotRun):
    """The database cannot be used; the text says why and what to do."""


@dataclass(slots=True)
class Batch:
    """What one transaction writes."""

    beds: list[Row] = field(default_factory=list)
    boots: list[Row] = field(default_factory=list)
    uptos: dict[int, int] = field(default_factory=dict)  # boot id: all committed up to
    windows: list[Row] = field(default_factory=list)
    states: list[Row] = field(default_factory=list)  # (state JSON, seen_ms, played, bed id)
    notices: list[tuple[Row, int]] = field(default_factory=list)  # with its number of channels
    presses: list[Row] = field(default_factory=list)
    quarantine: list[Row] = field(default_factory=list)


class Store:
    """Used by the thread that owns the beds' states."""

    def __init__(self, path: Path) -> None:
        try:
            self._db = connect(path)
            self._db.executescript(_SCHEMA)
            self._check_version(path)
        except sqlite3.Error as error:
            raise StoreError(f"{path} cannot be used: {error}") from None

    def _check_version(self, path: Path) -> None:
        row = self._db.execute("SELECT value FROM meta WHERE key='schema'").fetchone()
        if row is None:
            self._db.execute("INSERT INTO meta VALUES ('schema', ?)", (str(SCHEMA_VERSION),))
        elif int(row[0]) != SCHEMA_VERSION:
            raise StoreError(
                f"{path} was written by another version of legwatch (schema {row[0]}, "
                f"{SCHEMA_VERSION} expected); update legwatch or choose another state_dir"
            )

    def beds(self) -> list[tuple[int, str, str | None, int, bool]]:
        """Return (id, name, state JSON, seen_ms, played) of every bed."""
        rows = self._db.execute("SELECT id, name, state, seen_ms, played FROM beds")
        return [(r[0], r[1], r[2], r[3], bool(r[4])) for r in rows]

    def next_boot_id(self) -> int:
        """Return an id that no boot has yet."""
        return int(self._db.execute("SELECT coalesce(max(id), 0) + 1 FROM boots").fetchone()[0])

    def boot(self, bed_id: int, bed: str, boot: str) -> tuple[int, int, set[int]] | None:
        """Return (id, upto, seqs stored beyond upto) of a boot seen before."""
        row = self._db.execute(
            "SELECT id, upto FROM boots WHERE bed_id=? AND boot=?", (bed_id, boot)
        ).fetchone()
        if row is None:
            return None
        ahead = self._db.execute(
            "SELECT seq FROM windows WHERE boot_id=? AND seq>?"
            " UNION SELECT seq FROM quarantine WHERE bed=? AND boot=? AND seq>?",
            (row[0], row[1], bed, boot, row[1]),
        )
        return row[0], row[1], {r[0] for r in ahead}

    def commit(self, batch: Batch, channels: Sequence[str], now_ms: int) -> None:
        """Write a batch in one transaction; raises sqlite3.Error and then nothing is written."""
        with transaction(self._db) as db:
            db.executemany(_BED, batch.beds)
            db.executemany(_BOOT, batch.boots)
            db.executemany(_WINDOW, batch.windows)
            db.executemany(
                "UPDATE boots SET upto=? WHERE id=?",
                [(upto, boot_id) for boot_id, upto in batch.uptos.items()],
            )
            db.executemany("UPDATE beds SET state=?, seen_ms=?, played=? WHERE id=?", batch.states)
            for row, pushed in batch.notices:
                ident = db.execute(_NOTICE, row).lastrowid
                db.executemany(
                    "INSERT INTO deliveries (notice_id, channel, decided_ms) VALUES (?,?,?)",
                    [(ident, channel, now_ms) for channel in channels[:pushed]],
                )
            db.executemany(_PRESS, batch.presses)
            db.executemany(_QUARANTINE, batch.quarantine)

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def connect(path: Path) -> sqlite3.Connection:
    """Open the database the way every part of the server does."""
    db = sqlite3.connect(path, isolation_level=None, timeout=10, check_same_thread=False)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    return db


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """BEGIN ... COMMIT, or ROLLBACK when anything is raised."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield db
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
