"""Looks after the file of the store in the background.

It saves rows over from a file that was set aside, packs and sums up what is old, deletes what is
too old, and checks all of the file once a day. It begins a while after the start. Its reading holds
nobody up, and what it writes are small transactions with pauses between them.
"""

import logging
from collections.abc import Callable
from contextlib import closing
from typing import Protocol

from legwatch_runtime.clock import Instant, instant
from legwatch_server.store.errors import StoreError
from legwatch_server.store.file import Line
from legwatch_server.store.years import Years

logger = logging.getLogger(__name__)

FIRST_CHECK_S = 60.0  # after the start: what waited at the bedsides comes first
CHECK_EVERY_S = 86_400.0
FIRST_AGE_S = 5.0
AGE_EVERY_S = 180.0
SHARE = 3  # it writes for a third of the time, and rests for the rest
LONGEST_REST_S = 5.0


class Kept(Protocol):
    """The part of the store that it needs."""

    def line(self) -> Line:
        """Open a connection for a thread that looks after the file."""

    def save_some(self, line: Line) -> bool:
        """Save over some more rows of the file that was set aside; False: there are none left."""

    def age_some(self, line: Line, years: Years) -> bool:
        """Pack, sum up or delete a little of what is old; False: there is nothing to do now."""

    def check_whole(self, stopping: Callable[[], bool]) -> None:
        """Look for damage in the whole file."""


class Upkeep:
    """One thread runs it; `wait` waits for so many seconds, and is True after a stop."""

    def __init__(
        self,
        store: Kept,
        wait: Callable[[float], bool],
        *,
        now: Callable[[], Instant] = instant,
        years: Years | None = None,
    ) -> None:
        self._store, self._wait, self._now, self._years = store, wait, now, years
        self.turned: Callable[[], None] = _nothing  # says that the thread is well
        self._check_at = now().after(FIRST_CHECK_S)
        self._age_at = now().after(FIRST_AGE_S)

    def run(self) -> None:
        """Run until a stop."""
        with closing(self._store.line()) as line:
            rest_s = LONGEST_REST_S
            while not self._wait(rest_s):
                self.turned()
                rest_s = self.turn(line)

    def turn(self, line: Line) -> float:
        """Do some of what there is to do; return how long to rest."""
        begun = self._now()
        try:
            if self._store.save_some(line):
                return self._rest_s(begun)
            if self._ages(line, begun):
                return self._rest_s(begun)
            if begun.since(self._check_at) >= 0:
                self._store.check_whole(self._stopped)
                self._check_at = self._now().after(CHECK_EVERY_S)
        except StoreError as error:
            logger.info("the store was not looked after (%s); trying again", error)
        return LONGEST_REST_S

    def _ages(self, line: Line, now: Instant) -> bool:
        if self._years is None or now.since(self._age_at) < 0:
            return False
        if self._store.age_some(line, self._years):
            return True
        self._age_at = now.after(AGE_EVERY_S)
        return False

    def _rest_s(self, begun: Instant) -> float:
        return min(LONGEST_REST_S, SHARE * self._now().since(begun))

    def _stopped(self) -> bool:
        self.turned()
        return self._wait(0.0)


def _nothing() -> None:
    """Say nothing."""
