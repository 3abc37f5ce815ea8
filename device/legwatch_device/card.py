"""The card that keeps the spool; while it takes no file, the spool is in memory.

The bed is watched on such a card, too. The card is tried again, after pauses that grow: it may have
been full, or come late, or been mounted read-only for a check.
"""

import logging
import sqlite3
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from legwatch.errors import CannotRun
from legwatch_device.spool import Spool
from legwatch_runtime import room
from legwatch_runtime.backoff import Backoff
from legwatch_runtime.clock import Instant, instant
from legwatch_runtime.rights import explained_file
from legwatch_runtime.state_dir import FolderRefused, locked

logger = logging.getLogger(__name__)

FIRST_WAIT_S, LONGEST_WAIT_S = 10.0, 300.0
NAME = "spool.db"


class Card:
    """The folder of the spool, locked for this process as long as the spool is there."""

    def __init__(self, folder: Path, now: Callable[[], Instant] = instant) -> None:
        self._folder, self._now = folder, now
        self._open, self._lock = ExitStack(), ExitStack()
        self._backoff = Backoff(FIRST_WAIT_S, LONGEST_WAIT_S)
        self._again: Instant | None = None  # when the card is tried next; None: it is in use

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()
        self._lock.close()

    def begin(self) -> Spool:
        """Return the spool on the card, or one in memory; raises CannotRun if it is in use."""
        try:
            return self._spool()
        except (FolderRefused, sqlite3.Error) as error:
            logger.warning(
                "no spool in %s (%s): the agent keeps windows in memory, and a power cut loses "
                "those that the server does not have; see state_dir",
                self._folder,
                self._why(error),
            )
        self._again = self._now().after(self._backoff.next_s())
        spool = Spool(":memory:")
        self._open.callback(spool.close)
        return spool

    def _why(self, error: Exception) -> str:
        if not isinstance(error, sqlite3.Error):
            return str(error)
        return f"{error}; {room.has_none(self._folder) or explained_file(self._folder / NAME)}"

    def back(self, spool: Spool, *, at_once: bool = False) -> Spool | None:
        """Return the spool on the card if `spool` is in memory and the card takes files again.

        `at_once`: try it now, for there will be no later.
        """
        if self._again is None and spool.has_left:
            self._again = self._now().after(self._backoff.next_s())
        if self._again is None or (self._now() < self._again and not at_once):
            return None
        self._again = None
        try:
            spool.forget_note()
            found = self._spool()
        except (CannotRun, sqlite3.Error):  # why not stands in the log already
            self._again = self._now().after(self._backoff.next_s())
            return None
        if found.has_left and spool.has_left:  # it is as it was
            found.close()
            return None
        return found

    def _spool(self) -> Spool:
        self._lock.close()  # of a folder that the spool could not stay in
        with ExitStack() as held:
            held.enter_context(locked(self._folder, "agent.lock"))
            spool = Spool(self._folder / NAME)
            self._lock = held.pop_all()
        self._open.callback(spool.close)
        return spool
