"""The export in rounds: read rows after the cursor, write their points, advance the cursor."""

import copy
import logging
from collections.abc import Callable
from typing import NamedTuple, Protocol

from legwatch.limits.rules import Rules
from legwatch_server.history.cursor import Cursor, Position
from legwatch_server.history.lines import notice_line, window_lines
from legwatch_server.history.sink import SinkAway
from legwatch_server.store.batch import SERVER
from legwatch_server.store.port import Reader

logger = logging.getLogger(__name__)

BATCH = 2000  # rows in one body: about 5,000 points


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


class NightRules(NamedTuple):
    """How the figures of a night are counted: each bed's limits, and when its night has ended."""

    of: Callable[[str], Rules]
    idle_ms: int


class End(NamedTuple):
    """The last rows to send; later ones are left for the next time."""

    window_id: int
    notice_id: int


NEVER = End(2**63 - 1, 2**63 - 1)


class Exporter:
    """Reads the server's store; `open_store` returns None until the server has made one.

    `end`: send no row after these, so that the export ends while beds go on to send.
    """

    def __init__(
        self,
        open_store: Callable[[], Reader | None],
        cursor: Cursor,
        writer: SinkPort,
        watch: SentinelPort,
        nights: NightRules,
        *,
        end: End = NEVER,
    ) -> None:
        self._open_store, self._cursor = open_store, cursor
        self._writer, self._watch, self._nights = writer, watch, nights
        self._end = end
        self._reader: Reader | None = None
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
        reader = self._open()
        last = min(reader.last_window(), self._end.window_id) if reader else 0
        return max(0, last - self._cursor.now.window_id)

    def close(self) -> None:
        """Close the server's store."""
        if self._reader is not None:
            self._reader.close()

    def _collect(self, position: Position, now_ms: int) -> tuple[list[str], int]:
        reader = self._open()
        if reader is None:
            return [], 0
        lines: list[str] = []
        windows = reader.windows_after(position.window_id, BATCH)
        windows = [window for window in windows if window.id <= self._end.window_id]
        for window in windows:
            lines += position.nights.window(window, self._nights.of(window.bed))
            lines += window_lines(window)
            position.window_id = window.id
        notices = reader.notices_after(position.notice_id, BATCH)
        notices = [notice for notice in notices if notice.id <= self._end.notice_id]
        for notice in notices:
            if notice.bed != SERVER:  # the server has no nights
                lines += position.nights.notice(notice, self._nights.of(notice.bed))
            lines.append(notice_line(notice))
            position.notice_id = notice.id
        if not windows:
            lines += position.nights.over(now_ms, self._nights.idle_ms, self._nights.of)
        return lines, len(windows) + len(notices)

    def _open(self) -> Reader | None:
        if self._reader is None:
            self._reader = self._open_store()
        return self._reader
