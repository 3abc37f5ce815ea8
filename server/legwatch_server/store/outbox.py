"""One channel's part of the outbox in the SQLite file: an `OutboxStore`."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from legwatch_server.store import apply, deliveries, notices
from legwatch_server.store.changes import Changes
from legwatch_server.store.connection import transaction, translated
from legwatch_server.store.delivery import Delivery
from legwatch_server.store.records import StoredNotice, TrialCount


class SqliteOutbox:
    """An `OutboxStore` on a connection that nobody else uses."""

    def __init__(self, db: sqlite3.Connection, channel: str) -> None:
        self._db, self._channel = db, channel

    @translated()
    def next_ms(self) -> int:
        """Return when the next delivery is due, UTC ms; NEVER_MS: none."""
        return deliveries.next_ms(self._db, self._channel)

    @translated()
    def to_send(self, now_ms: int, most: int) -> list[Delivery]:
        """Return at most `most` due deliveries: alerts before information, oldest first."""
        return deliveries.to_send(self._db, self._channel, now_ms, most)

    @translated()
    def to_recall(self, now_ms: int, most: int) -> list[Delivery]:
        """Return the due recalls."""
        return deliveries.to_recall(self._db, self._channel, now_ms, most)

    @translated()
    def to_follow(self, now_ms: int, most: int) -> list[Delivery]:
        """Return the sent deliveries of which the service is to be asked."""
        return deliveries.to_follow(self._db, self._channel, now_ms, most)

    @translated()
    def around(self, delivery: Delivery) -> list[Delivery]:
        """Return a delivery as it is now, and the others of its alert on all channels."""
        return deliveries.around(self._db, delivery)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do all that follows at once, or nothing after an exception."""
        with translated(), transaction(self._db):
            yield

    @translated()
    def apply(self, changes: Changes, now_ms: int) -> None:
        """Change and add deliveries."""
        apply.apply(self._db, changes, now_ms)

    @translated()
    def notice(self, ident: int) -> StoredNotice | None:
        """Return a notice; None if there is none with this id."""
        return notices.one(self._db, ident)

    @translated()
    def trial_count(self, bed_id: int) -> TrialCount:
        """Count the alerts that a bed's trial nights have suppressed."""
        return notices.trial_count(self._db, bed_id)

    @translated()
    def has_step(self, delivery: int, reason: str) -> bool:
        """Return True if a step of the delivery has this reason."""
        return deliveries.has_step(self._db, delivery, reason)

    def close(self) -> None:
        """Close the connection."""
        self._db.close()
