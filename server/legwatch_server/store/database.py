"""The server's database: one SQLite file with a write-ahead log; every commit is synced."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from legwatch.errors import CannotRun
from legwatch_server.inbox import Target, TargetKind
from legwatch_server.store import deliveries, schema
from legwatch_server.store.deliveries import DeliveryTest
from legwatch_server.store.notices import NewNotice

_BED = "INSERT INTO beds (id, name) VALUES (?,?)"
_BOOT = "INSERT INTO boots (id, bed_id, boot, upto) VALUES (?,?,?,?)"
_WINDOW = (
    "INSERT INTO windows (bed_id, boot_id, seq, from_ms, to_ms, mono_ms, clock, leg_c, leg_rh,"
    " room_c, room_rh, moves, in_bed, faults, arrived_ms, late, moved_s, active_s)"
    " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
)
_NOTICE = (
    "INSERT INTO notices (bed_id, at_ms, kind, what, level, reason, held, title, line,"
    " episode_ms, who) VALUES (?,?,?,?,?,?,?,?,?,?,?)"
)
_PRESS = "INSERT OR IGNORE INTO presses (bed_id, press_id, button, at_ms, kind) VALUES (?,?,?,?,?)"
_ANSWER = (
    "INSERT INTO answers (at_ms, token, notice_id, bed_id, person, act, minutes, via)"
    " VALUES (?,?,?,?,?,?,?,?)"
)
_QUARANTINE = (
    "INSERT INTO quarantine (arrived_ms, topic, bed, boot, seq, why, payload)"
    " VALUES (?,?,?,?,?,?,?)"
)
MOST_KEPT = 10_000  # quarantined messages: bad messages must not fill the disk
_FORGET = "DELETE FROM quarantine WHERE id <= (SELECT max(id) FROM quarantine) - ?"
_SUBJECT = {
    TargetKind.NOTICE: "SELECT b.name, b.id, n.id, n.kind, n.episode_ms FROM notices n"
    " JOIN beds b ON b.id=n.bed_id WHERE n.id=?",
    TargetKind.DELIVERY: "SELECT coalesce(b.name, ''), d.bed_id, d.notice_id, d.kind, d.episode_ms,"
    " d.person FROM deliveries d LEFT JOIN beds b ON b.id=d.bed_id WHERE d.id=?",
}
SqlRow = tuple[object, ...]
_LEARNED = "learned:"  # the start of a key in `meta`; the bed's id follows


# Plans the pushes of a stored notice in the same transaction; True if the outbox has work.
# The arguments: the database, the notice's id, the notice, and the time in UTC ms.
PlanDeliveries = Callable[[sqlite3.Connection, int, NewNotice, int], bool]


class StoreError(CannotRun):
    """The database cannot be used; the text says why and what to do."""


# SQLite raises these for bad values, not for a fault of the database.
_OF_THE_VALUES = (
    sqlite3.DataError,
    sqlite3.IntegrityError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
)


def of_the_store(error: Exception) -> bool:
    """Return True if the store failed (full, locked, I/O, malformed): a retry may work."""
    machine = isinstance(error, sqlite3.Error | OSError | MemoryError)
    return machine and not isinstance(error, _OF_THE_VALUES)


@dataclass(slots=True)
class Batch:
    """The rows that one transaction writes."""

    beds: list[SqlRow] = field(default_factory=list)
    boots: list[SqlRow] = field(default_factory=list)
    uptos: dict[int, int] = field(default_factory=dict)  # by boot id: SequenceTracker.upto
    windows: list[SqlRow] = field(default_factory=list)
    states: list[SqlRow] = field(default_factory=list)  # (state JSON, seen_ms, played, bed id)
    notices: list[NewNotice] = field(default_factory=list)
    presses: list[SqlRow] = field(default_factory=list)
    answers: list[SqlRow] = field(default_factory=list)
    answered: list[tuple[int, str]] = field(default_factory=list)  # delivery id, how
    quarantine: list[SqlRow] = field(default_factory=list)


class Store:
    """The database connection of the writer thread."""

    def __init__(self, path: Path) -> None:
        try:
            self._db = connect(path)
            version = schema.prepare(self._db)
        except sqlite3.Error as error:
            raise StoreError(f"{path} cannot be used: {error}") from None
        if version != schema.VERSION:
            raise StoreError(
                f"{path} was written by another version of legwatch (schema {version}, "
                f"{schema.VERSION} expected); update legwatch or choose another state_dir"
            )

    def beds(self) -> list[tuple[int, str, str | None, int, bool]]:
        """Return (id, name, state JSON, seen_ms, played) of every bed."""
        rows = self._db.execute("SELECT id, name, state, seen_ms, played FROM beds")
        return [(r[0], r[1], r[2], r[3], bool(r[4])) for r in rows]

    def next_boot_id(self) -> int:
        """Return an id that no boot has yet."""
        return int(self._db.execute("SELECT coalesce(max(id), 0) + 1 FROM boots").fetchone()[0])

    def boot(self, bed_id: int, bed: str, boot: str) -> tuple[int, int, set[int]] | None:
        """Return (id, upto, seqs stored beyond upto) of a boot; None if the boot is new."""
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

    def commit(self, batch: Batch, plan: PlanDeliveries, now_ms: int) -> bool:
        """Write a batch in one transaction; True if the outbox has work.

        Raises sqlite3.Error; the database is then unchanged.
        """
        work = False
        with transaction(self._db) as db:
            db.executemany(_BED, batch.beds)
            db.executemany(_BOOT, batch.boots)
            db.executemany(_WINDOW, batch.windows)
            db.executemany(
                "UPDATE boots SET upto=? WHERE id=?",
                [(upto, boot_id) for boot_id, upto in batch.uptos.items()],
            )
            db.executemany("UPDATE beds SET state=?, seen_ms=?, played=? WHERE id=?", batch.states)
            for new in batch.notices:
                row = (*new.row, new.notice.episode_ms, new.who)
                ident = db.execute(_NOTICE, row).lastrowid or 0
                work |= plan(db, ident, new, now_ms)
            db.executemany(_ANSWER, batch.answers)
            for ident, how in batch.answered:
                deliveries.answered(db, ident, now_ms, how)
            db.executemany(_PRESS, batch.presses)
            if batch.quarantine:
                db.executemany(_QUARANTINE, batch.quarantine)
                db.execute(_FORGET, (MOST_KEPT,))
        return work

    def presses(self, bed_id: int, most: int) -> tuple[str, ...]:
        """Return the ids of a bed's last presses, oldest first."""
        sql = "SELECT press_id FROM presses WHERE bed_id=? ORDER BY id DESC LIMIT ?"
        return tuple(ident for (ident,) in self._db.execute(sql, (bed_id, most)))[::-1]

    def pressed(self, bed_id: int, press_id: str) -> bool:
        """Return True if the press is stored."""
        sql = "SELECT 1 FROM presses WHERE bed_id=? AND press_id=?"
        return self._db.execute(sql, (bed_id, press_id)).fetchone() is not None

    def answered(self, delivery: int) -> bool:
        """Return True if a person has answered the push."""
        sql = "SELECT 1 FROM deliveries WHERE id=? AND state='answered'"
        return self._db.execute(sql, (delivery,)).fetchone() is not None

    def used_ms(self, token: bytes) -> int | None:
        """Return when a link was used, UTC ms; None: not yet. `token` is the link's signature."""
        row = self._db.execute("SELECT at_ms FROM answers WHERE token=?", (token,)).fetchone()
        return int(row[0]) if row else None

    def target(self, of: TargetKind, ident: int) -> Target | None:
        """Return the bed, notice and person of an answer; None if they no longer exist."""
        if of is TargetKind.BED:
            row = self._db.execute("SELECT name FROM beds WHERE id=?", (ident,)).fetchone()
            return Target(row[0], ident) if row else None
        row = self._db.execute(_SUBJECT[of], (ident,)).fetchone()
        return Target(*row) if row else None

    def transaction(self) -> AbstractContextManager[sqlite3.Connection]:
        """Return a transaction for other changes than a batch, such as the outbox's recovery."""
        return transaction(self._db)

    def rehearsed(self) -> str:
        """Return the evening (ISO date) of the last rehearsal; empty: none."""
        row = self._db.execute("SELECT value FROM meta WHERE key='rehearsed'").fetchone()
        return str(row[0]) if row else ""

    def rehearse(self, evening: str, tests: Sequence[DeliveryTest], now_ms: int) -> None:
        """Add an evening's rehearsal to the outbox, and note the evening as rehearsed."""
        with transaction(self._db) as db:
            db.execute("INSERT OR REPLACE INTO meta VALUES ('rehearsed', ?)", (evening,))
            for test in tests:
                row = (0, test.bed_id, "", 0, test.person, test.channel, 0, test.purpose)
                deliveries.insert(db, row, now_ms, now_ms)
                if test.bed_id:
                    key = f"{_LEARNED}{test.bed_id}"
                    db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, evening))

    def trial_ends_announced(self) -> set[int]:
        """Return the ids of the beds whose end of trial nights was announced."""
        rows = self._db.execute("SELECT key FROM meta WHERE key LIKE ?", (f"{_LEARNED}%",))
        return {int(key.removeprefix(_LEARNED)) for (key,) in rows}

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def connect(path: Path) -> sqlite3.Connection:
    """Open the database with the pragmas that every part of the server needs."""
    db = sqlite3.connect(path, isolation_level=None, timeout=10, check_same_thread=False)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    return db


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """BEGIN ... COMMIT, or ROLLBACK after any exception."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield db
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
