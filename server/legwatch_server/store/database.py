"""The store on SQLite: one file with a write-ahead log; every commit is synced."""

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

from legwatch.events import Window
from legwatch_server.inbox import Target, TargetKind
from legwatch_server.store import (
    answers,
    apply,
    beds,
    deliveries,
    notices,
    presses,
    quarantine,
    rehearsals,
    said,
    upgrade,
    windows,
)
from legwatch_server.store.batch import Batch, NewNotice
from legwatch_server.store.changes import Changes
from legwatch_server.store.connection import connect, transaction, translated
from legwatch_server.store.delivery import Delivery, Episode
from legwatch_server.store.errors import StoreError
from legwatch_server.store.outbox import SqliteOutbox
from legwatch_server.store.reader import SqliteReader
from legwatch_server.store.records import StoredBed, StoredBoot


class SqliteTransaction:
    """A `Transaction` on the writer's connection."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def write(self, batch: Batch) -> None:
        """Store all rows of a batch but its notices and what is `answered`."""
        beds.insert(self._db, batch)
        windows.insert(self._db, batch.windows)
        beds.update(self._db, batch)
        answers.insert(self._db, batch.answers)
        presses.insert(self._db, batch.presses)
        said.note(self._db, batch.said)
        quarantine.insert(self._db, batch.quarantine)

    def add_notice(self, new: NewNotice) -> int:
        """Store a notice; return its id."""
        return notices.insert(self._db, new)

    def for_plan(self, episode: Episode) -> list[Delivery]:
        """Return an alert's deliveries, and the information that older alerts have still open."""
        return deliveries.for_plan(self._db, episode)

    def unfinished(self) -> list[Delivery]:
        """Return all that is not sent or to be taken back, and the loud ones of those alerts."""
        return deliveries.unfinished(self._db)

    def apply(self, changes: Changes, now_ms: int) -> None:
        """Change and add deliveries."""
        apply.apply(self._db, changes, now_ms)

    def note_rehearsal(self, evening: str, announced: frozenset[int]) -> None:
        """Note an evening as rehearsed; `announced`: beds whose end of trial nights it tells."""
        rehearsals.note(self._db, evening, announced)


class SqliteStore:
    """A `Store` in one file. `durable` False: no commit is synced, for tests."""

    def __init__(self, path: Path, *, durable: bool = True) -> None:
        self._path, self._durable = path, durable
        try:
            self._db = connect(path, durable=durable)
            version = upgrade.prepare(self._db)
        except sqlite3.Error as error:
            raise StoreError(f"{path} cannot be used: {error}") from None
        if version != upgrade.VERSION:
            self._db.close()
            raise StoreError(
                f"{path} was written by another version of legwatch (schema {version}, "
                f"{upgrade.VERSION} expected); update legwatch or choose another state_dir"
            )

    @contextmanager
    def transaction(self) -> Iterator[SqliteTransaction]:
        """Begin to store; raises ValuesRefused for values that cannot be stored."""
        with translated(), transaction(self._db) as db:
            yield SqliteTransaction(db)

    @translated()
    def beds(self) -> list[StoredBed]:
        """Return all beds."""
        return beds.every(self._db)

    @translated()
    def unseen(self) -> list[tuple[int, Window]]:
        """Return (bed id, window) of what the stored state of the bed has not seen yet."""
        return list(windows.unseen(self._db))

    @translated()
    def next_boot_id(self) -> int:
        """Return an id that no boot has yet."""
        return beds.next_boot_id(self._db)

    @translated()
    def boot(self, bed_id: int, bed: str, boot: str) -> StoredBoot | None:
        """Return a start of an agent; None if it is new."""
        return beds.boot(self._db, bed_id, bed, boot)

    @translated()
    def presses(self, bed_id: int, most: int) -> tuple[str, ...]:
        """Return the ids of a bed's last presses, oldest first."""
        return presses.latest(self._db, bed_id, most)

    @translated()
    def pressed(self, bed_id: int, press_id: str) -> bool:
        """Return True if the press is stored."""
        return presses.is_stored(self._db, bed_id, press_id)

    @translated()
    def answered(self, delivery: int) -> bool:
        """Return True if a person has answered the push."""
        return deliveries.is_answered(self._db, delivery)

    @translated()
    def used_ms(self, token: bytes) -> int | None:
        """Return when a link was used, UTC ms; None: not yet. `token` is the link's signature."""
        return answers.used_ms(self._db, token)

    @translated()
    def target(self, of: TargetKind, ident: int) -> Target | None:
        """Return the bed, notice and person of an answer; None if they no longer exist."""
        return answers.target(self._db, of, ident)

    @translated()
    def rehearsed(self) -> str:
        """Return the evening (ISO date) of the last rehearsal; empty: none."""
        return rehearsals.evening(self._db)

    @translated()
    def trial_ends_announced(self) -> set[int]:
        """Return the ids of the beds whose end of trial nights was announced."""
        return rehearsals.announced(self._db)

    @translated()
    def said(self) -> dict[str, int]:
        """Return by reason when the server last said it of itself, UTC ms."""
        return said.every(self._db)

    @translated()
    def outbox(self, channel: str) -> SqliteOutbox:
        """Open a channel's part of the outbox, on a connection of its own."""
        return SqliteOutbox(connect(self._path, durable=self._durable), channel)

    def reader(self) -> AbstractContextManager[SqliteReader]:
        """Open the store for reading, from any thread."""
        return closing(SqliteReader(self._path))

    def close(self) -> None:
        """Close the writer's connection."""
        self._db.close()
