"""The export in rounds: read rows after the cursor, write their points, advance the cursor."""

import copy
import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from legwatch.limits.rules import Rules
from legwatch_server.history.cursor import Cursor, Position
from legwatch_server.history.lines import NoticeRow, WindowRow, notice_line, window_lines
from legwatch_server.history.sink import SinkAway

logger = logging.getLogger(__name__)

BATCH = 2000  # rows in one body: about 5,000 points
_WINDOWS = """
SELECT w.id, b.name, w.to_ms, w.leg_c, w.leg_rh, w.room_c, w.room_rh, w.moves, w.in_bed, w.late,
  w.arrived_ms FROM windows w JOIN beds b ON b.id = w.bed_id WHERE w.id>? ORDER BY w.id LIMIT ?
"""
_NOTICES = """
SELECT n.id, b.name, n.at_ms, n.kind, n.what, n.level, n.held, n.line
FROM notices n JOIN beds b ON b.id = n.bed_id WHERE n.id>? ORDER BY n.id LIMIT ?
"""


class SinkPort(Protocol):
    """The history store, as the exporter uses it."""

    def write(self, lines: list[str]) -> None:
        """Write lines of line protocol; raises SinkAway."""


class SentinelPort(Protocol):
    """Detects restarts of the history store."""

    def watch(self) -> bool:
        """Start to watch the store; False if the store does not answer."""

    def alive(self) -> bool:
        """Return False if the store has, or may have, restarted since `watch`."""


class Exporter:
    """Reads the server's database on a read-only connection of its own."""

    def __init__(
        self,
        path: Path,
        cursor: Cursor,
        writer: SinkPort,
        watch: SentinelPort,
        *,
        rules_of: Callable[[str], Rules],
        idle_ms: int,
    ) -> None:
        self._path, self._cursor, self._writer, self._watch = path, cursor, writer, watch
        self._rules_of, self._idle_ms = rules_of, idle_ms
        self._db: sqlite3.Connection | None = None
        self.points = 0

    def round(self, now_ms: int) -> int:
        """Send one batch; return the number of its rows, 0 if none is new. Raises SinkAway."""
        if not self._watch.alive():
            self._cursor.go_back()
            if not self._watch.watch():
                raise SinkAway("the store cannot be reached")
        position = copy.deepcopy(self._cursor.now)
        try:
            lines, rows = self._collect(position, now_ms)
            self._writer.write(lines)
        except SinkAway:
            self._cursor.go_back()
            raise
        if not self._watch.alive():
            self._cursor.go_back()
            raise SinkAway("the store was restarted, or closed the connection")
        if lines or rows:
            self._cursor.confirm(position, now_ms)
            self.points += len(lines)
        self._cursor.settle(now_ms)
        return rows

    def lag(self) -> int:
        """Return the number of windows not sent yet."""
        db = self._open()
        row = db.execute("SELECT coalesce(max(id), 0) FROM windows").fetchone() if db else (0,)
        return max(0, int(row[0]) - self._cursor.now.window_id)

    def _collect(self, position: Position, now_ms: int) -> tuple[list[str], int]:
        db = self._open()
        if db is None:
            return [], 0
        lines: list[str] = []
        windows = [WindowRow(*r) for r in db.execute(_WINDOWS, (position.window_id, BATCH))]
        for window in windows:
            lines += position.nights.window(window, self._rules_of(window.bed))
            lines += window_lines(window)
            position.window_id = window.id
        notices = [NoticeRow(*r) for r in db.execute(_NOTICES, (position.notice_id, BATCH))]
        for notice in notices:
            lines += position.nights.notice(notice, self._rules_of(notice.bed))
            lines.append(notice_line(notice))
            position.notice_id = notice.id
        if not windows:
            lines += position.nights.over(now_ms, self._idle_ms, self._rules_of)
        return lines, len(windows) + len(notices)

    def _open(self) -> sqlite3.Connection | None:
        """Open the server's database; None until the server has created it."""
        if self._db is None and self._path.exists():
            self._db = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=10)
        return self._db
