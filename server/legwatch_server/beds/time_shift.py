"""Lets beds go on after the time line was moved; what is played has its own time."""

from collections.abc import Collection

from legwatch.lived import Moved
from legwatch.moments import moved, shifted
from legwatch_server.beds import lived
from legwatch_server.beds.boots import Boots
from legwatch_server.beds.decisions import Decisions
from legwatch_server.beds.excuses import Excuses
from legwatch_server.beds.registry import BedRecord
from legwatch_server.beds.server_reports import ServerReports


class TimeShift:
    """Only the writer thread uses it: within a batch, and after its commit."""

    def __init__(
        self, decisions: Decisions, boots: Boots, reports: ServerReports, excuses: Excuses
    ) -> None:
        self._decisions, self._boots = decisions, boots
        self._reports, self._excuses = reports, excuses

    def move(
        self, by_ms: int, beds: Collection[BedRecord], now_ms: int, *, stored: bool = True
    ) -> None:
        """Give the moments of these beds the names that they have since the time line was moved.

        `stored`: what the run before has left in the store moves, too.
        """
        batch = self._decisions.batch
        batch.swept = True
        self._boots.shift(beds, by_ms, stored=stored)
        if stored:
            self._reports.shift(batch, by_ms)
        for bed in beds:
            self._decisions.sweep(bed)
            bed.seen_ms = min(bed.seen_ms + by_ms, now_ms) if bed.seen_ms else 0
            bed.leaps, bed.unread = moved(bed.leaps, by_ms), moved(bed.unread, by_ms)
            bed.bedside, bed.rivals = moved(bed.bedside, by_ms), moved(bed.rivals, by_ms)
            if not bed.played:
                lived.changed(batch, bed, Moved(by_ms))
                bed.state = shifted(bed.state, by_ms, bed.rules)

    def after_move(self, by_ms: int, beds: Collection[BedRecord]) -> None:
        """Move what only the memory has of these beds, after the commit."""
        for bed in beds:
            if not bed.played:
                bed.move_others(by_ms)

    def after_step(self, by_ms: int) -> None:
        """Let what is measured against the time line follow it, after the commit."""
        self._excuses.move(by_ms)
        for bed in self._decisions.beds.values():
            if bed.ahead_ms is not None:
                bed.ahead_ms -= by_ms
