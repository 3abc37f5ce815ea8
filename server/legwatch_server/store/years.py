"""What a store does about the years, step by step: it packs, sums up, sweeps and deletes.

A step is one small transaction, a few milliseconds long. After a kill between two steps the next
start finds in the tables what is left to do.
"""

import logging
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator
from datetime import tzinfo
from typing import NamedTuple

from legwatch.errors import LegwatchError
from legwatch_server.store import aging, nights, packing, packs
from legwatch_server.store.connection import transaction
from legwatch_server.store.minutes import MinuteSums
from legwatch_server.store.nights import NightKey
from legwatch_server.store.packing import Boot
from legwatch_server.store.packs import HOUR_MS, Span

logger = logging.getLogger(__name__)

# What a row that nobody can have written so makes of the reading of it.
_FAULTS = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, OSError)


class Plan(NamedTuple):
    """By what the store ages; each is asked anew, for settings may change."""

    now_ms: Callable[[], int]
    zone_of: Callable[[str], tzinfo]
    raw_months: Callable[[], int]
    trusts_time: Callable[[], bool] = lambda: True  # while it is False, nothing is deleted


class Years:
    """One thread uses it; `step` gets that thread's connection."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._begin(None)
        self._next_ms: dict[int, int] = {}  # by boot: when to look at it again

    def _begin(self, db: sqlite3.Connection | None) -> None:
        self._db = db
        self._boots: deque[Boot] = deque()
        self._summing: Iterator[None] = iter(())
        self._swept_id: int | None = 0  # None: nothing was packed since the last sweep
        self._begun = False  # the queue of this round was filled

    def step(self, db: sqlite3.Connection) -> bool:
        """Do a little; False: there is nothing to do for now."""
        if db is not self._db:  # another file
            self._begin(db)
            self._next_ms.clear()
        now_ms = self._plan.now_ms()
        if not self._begun:
            self._begun = True
            found = packing.boots(db, now_ms)
            self._boots.extend(one for one in found if self._next_ms.get(one.id, 0) <= now_ms)
            self._summing = self._sum_all(db, now_ms)
        if self._boots:
            self._pack(db, now_ms)
            return True
        if next(self._summing, _DONE) is not _DONE:
            return True
        if self._swept_id is not None:
            self._swept_id = packing.sweep(db, self._swept_id) or None
            return True
        if self._plan.trusts_time() and aging.forget(db, now_ms, self._plan.raw_months()):
            return True
        self._begun = False
        return False

    def _pack(self, db: sqlite3.Connection, now_ms: int) -> None:
        boot = self._boots[0]
        try:
            packed = packing.pack(db, boot, self._plan.zone_of(boot.bed), now_ms)
        except (*_FAULTS, LegwatchError) as error:
            logger.info("windows of %s were not packed: %s", boot.bed, error)
            packed = None
        if packed is not None:
            self._boots[0] = packed
            self._swept_id = 0
            return
        self._boots.popleft()
        noon_ms = self._noon_after(boot, now_ms)
        self._next_ms[boot.id] = min(noon_ms + packing.SETTLED_MS, now_ms + HOUR_MS)

    def _noon_after(self, boot: Boot, now_ms: int) -> int:
        try:
            return nights.night_with(boot.bed_id, now_ms, self._plan.zone_of(boot.bed)).to_ms
        except (*_FAULTS, LegwatchError):
            return now_ms + HOUR_MS

    def _sum_all(self, db: sqlite3.Connection, now_ms: int) -> Iterator[None]:
        """Sum up all nights that are to be; yield after each step."""
        for key in nights.stale(db, now_ms):
            try:
                yield from sum_up(db, key)
            except (*_FAULTS, LegwatchError) as error:
                logger.info("the night %s of bed %s was not summed up: %s", *key[1::-1], error)


def sum_up(db: sqlite3.Connection, key: NightKey) -> Iterator[None]:
    """Sum up a night from its windows; yield after each step."""
    sums = MinuteSums(key.from_ms, key.to_ms)
    for rows in packs.pieces(db, key.bed_id, Span(key.from_ms, key.to_ms)):
        sums.add(rows)
        yield
    for roll_up in nights.rolled(db, key, sums):
        if roll_up:
            with transaction(db):
                nights.store(db, roll_up)
        yield


_DONE = object()
