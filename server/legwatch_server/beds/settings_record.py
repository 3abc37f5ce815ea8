"""Keeps in the store which settings the server has loaded, so that commands show what runs.

The file on the disk can say something else: it was edited, and not read again since.
"""

import logging
from collections.abc import Mapping

from legwatch_runtime.clock import Instant
from legwatch_server.inbox import SettingsLoaded, SettingsRefused
from legwatch_server.notify.ways import followed
from legwatch_server.store.batch import Batch
from legwatch_server.store.errors import StoreError
from legwatch_server.store.port import WriterStore
from legwatch_server.store.records import Loaded, Refused, Way
from legwatch_server.timeline import Timeline

logger = logging.getLogger(__name__)

LOOK_S = 60.0  # how often it is looked whether it is still stored: the file may be a new one


class SettingsRecord:
    """Used by the writer thread. What could not be stored is tried again with the next turn."""

    def __init__(self, store: WriterStore, timeline: Timeline) -> None:
        self._store, self._timeline = store, timeline
        self._loaded: Loaded | None = None
        self._moved_ms = timeline.moved_ms  # by how much the time line had been moved
        self._stored_at: Instant | None = None  # None: there is something to store

    def hear(self, news: SettingsLoaded | SettingsRefused) -> None:
        """Take note of what is in force now, or of what was refused."""
        now_ms = self._timeline.now_ms()
        self._follow_time()
        if isinstance(news, SettingsLoaded):
            new = followed(self._ways(), news.ways, now_ms)
            self._loaded = Loaded(now_ms, *news[:-1], ways=new)
        elif self._loaded is not None:
            self._loaded = self._loaded._replace(refused=Refused(now_ms, news.why))
        self._stored_at = None

    def _ways(self) -> Mapping[str, Way]:
        """Return the ways to the people as they were; at the start as the store has them."""
        if self._loaded is not None:
            return self._loaded.ways
        try:
            return self._store.ways()
        except StoreError as error:
            logger.debug("the ways to the people could not be read: %s", error)
            return {}

    def turn(self) -> None:
        """Store what is new; once a minute look whether it is still there."""
        now = self._timeline.instant()
        if self._stored_at is not None and now.since(self._stored_at) < LOOK_S:
            return
        self._follow_time()
        self._stored_at = now if self._store_it() else None

    def end(self) -> None:
        """Note that the server ends in good order."""
        self._follow_time()
        if self._loaded is not None:
            self._loaded = self._loaded._replace(ended_ms=self._timeline.now_ms())
        self._store_it()

    def _store_it(self) -> bool:
        if self._loaded is None:
            return True
        try:
            # What is new is not stored yet: with 10,000 beds, to look takes 0.1 s.
            if self._stored_at is None or not self._store.has_noted(self._loaded):
                with self._store.transaction() as tx:
                    tx.write(Batch(loaded=self._loaded))
        except StoreError as error:
            logger.debug("the settings in force could not be noted, trying again: %s", error)
            return False
        return True

    def _follow_time(self) -> None:
        """Give its moments the names that they have since the time line was moved."""
        by_ms = self._timeline.moved_ms - self._moved_ms
        self._moved_ms += by_ms
        if self._loaded is None or not by_ms:
            return
        old = self._loaded.refused
        refused = old._replace(at_ms=old.at_ms + by_ms) if old else None
        at_ms = self._loaded.at_ms + by_ms
        ways = {name: _moved(way, by_ms) for name, way in self._loaded.ways.items()}
        self._loaded = self._loaded._replace(at_ms=at_ms, refused=refused, ways=ways)


def _moved(way: Way, by_ms: int) -> Way:
    return way._replace(since_ms=way.since_ms + by_ms) if way.since_ms else way
