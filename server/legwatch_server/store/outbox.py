"""One channel's part of the outbox in the SQLite file: an `OutboxStore`."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from legwatch_server.store import apply, beds, deliveries, notices
from legwatch_server.store.changes import Changes
from legwatch_server.store.connection import reading, transaction
from legwatch_server.store.delivery import Delivery
from legwatch_server.store.file import Line, guarded
from legwatch_server.store.records import StoredNotice, TrialCount


class SqliteOutbox:
    """An `OutboxStore` on a line that nobody else uses."""

    def __init__(self, line: Line, channel: str) -> None:
        self.line, self._channel = line, channel

    def guard(self) -> AbstractContextManager[None]:
        """Translate errors, and let the writer hear of damage."""
        return self.line.guard()

    @guarded
    @reading()
    def next_ms(self) -> int:
        """Return when the next delivery is due, UTC ms; NEVER_MS: none."""
        return deliveries.next_ms(self.line.now(), self._channel)

    @guarded
    @reading()
    def to_send(self, now_ms: int, most: int) -> list[Delivery]:
        """Return at most `most` due deliveries: alerts before information, oldest first."""
        return deliveries.to_send(self.line.now(), self._channel, now_ms, most)

    @guarded
    @reading()
    def to_recall(self, now_ms: int, most: int) -> list[Delivery]:
        """Return the due recalls."""
        return deliveries.to_recall(self.line.now(), self._channel, now_ms, most)

    @guarded
    @reading()
    def to_follow(self, now_ms: int, most: int) -> list[Delivery]:
        """Return the sent deliveries of which the service is to be asked."""
        return deliveries.to_follow(self.line.now(), self._channel, now_ms, most)

    @guarded
    @reading()
    def around(self, delivery: Delivery) -> list[Delivery]:
        """Return a delivery as it is now, and the others of its alert on all channels."""
        return deliveries.around(self.line.now(), delivery)

    @contextmanager
    def transaction(self, *, synced: bool = True) -> Iterator[None]:
        """Do all that follows at once, or nothing after an exception.

        Not `synced`: until the next commit of any thread that is, a power cut may undo it.
        """
        with self.guard():
            self.line.sync(each=synced)
            with transaction(self.line.now()):
                yield

    @guarded
    def apply(self, changes: Changes, now_ms: int) -> None:
        """Change and add deliveries."""
        apply.apply(self.line.now(), changes, now_ms)

    @guarded
    @reading()
    def notice(self, ident: int) -> StoredNotice | None:
        """Return a notice; None if there is none with this id."""
        return notices.one(self.line.now(), ident)

    @guarded
    @reading()
    def heard_beds(self) -> list[str]:
        """Return the beds of which a word has ever come, sorted; others were only declared."""
        return beds.heard(self.line.now())

    @guarded
    @reading()
    def trial_count(self, bed_id: int) -> TrialCount:
        """Count the alerts that a bed's trial nights have suppressed."""
        return notices.trial_count(self.line.now(), bed_id)

    @guarded
    @reading()
    def has_step(self, delivery: int, reason: str) -> bool:
        """Return True if a step of the delivery has this reason."""
        return deliveries.has_step(self.line.now(), delivery, reason)

    def close(self) -> None:
        """Close the connection."""
        self.line.close()
