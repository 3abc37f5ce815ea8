"""Decided, claimed, sent: each push is a row, and one thread a channel sends it.

A row is claimed and committed before the sending, and marked sent after it. A crash in between
leaves it claimed: it is sent again at the next start, and says so. At least once, never lost.
"""

import json
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from legwatch.night import local
from legwatch.notice import Level, What
from legwatch_server.push import Notifier, Push, PushError
from legwatch_server.store import connect, transaction

logger = logging.getLogger(__name__)

FIRST_RETRY_S, LONGEST_RETRY_S = 2.0, 300.0
LOOK_S = 5.0  # besides being woken
_NEXT = """
SELECT d.id, d.notice_id, d.state, d.attempt, d.decided_ms, n.at_ms, n.level, n.what, n.title,
  n.line, b.name
FROM deliveries d JOIN notices n ON n.id = d.notice_id JOIN beds b ON b.id = n.bed_id
WHERE d.channel=? AND d.state IN ('decided', 'claimed') AND d.next_ms<=? ORDER BY d.id LIMIT 1
"""


class Outbox:
    """One channel's thread with a database connection of its own."""

    def __init__(
        self,
        path: Path,
        channel: str,
        notifier: Notifier,
        *,
        zone_of: Callable[[str], ZoneInfo],
        give_up_h: float,
        utc_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._path, self._channel, self._notifier = path, channel, notifier
        self._zone_of, self._give_up_ms, self._utc_ms = zone_of, give_up_h * 3_600_000, utc_ms
        self._wake = threading.Event()
        self._stop = False
        self._failing = False
        self.results: dict[str, int] = {"sent": 0, "retried": 0, "failed": 0, "again": 0}
        self._thread = threading.Thread(target=self._run, name=f"push-{channel}", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def wake(self) -> None:
        """Look now: something was decided."""
        self._wake.set()

    def stop(self) -> None:
        """End after the push that is under way, but wait no longer than a second for it."""
        self._stop = True
        self._wake.set()
        self._thread.join(timeout=1.0)

    def _run(self) -> None:
        db = connect(self._path)
        while not self._stop:
            self._wake.clear()
            try:
                while not self._stop and self.send_one(db):
                    pass
            except sqlite3.Error as error:
                logger.warning("outbox %s: %s", self._channel, error)
                self._wake.wait(1.0)
            self._wake.wait(LOOK_S)
        db.close()

    def send_one(self, db: sqlite3.Connection) -> bool:
        """Send the next push that is due; False when there is none."""
        now_ms = self._utc_ms()
        # All rows, not one: a half-read answer holds an old snapshot, and writing on it fails.
        rows = db.execute(_NEXT, (self._channel, now_ms)).fetchall()
        if not rows:
            return False
        ident, notice_id, state, attempt, decided_ms, at_ms, level, what, title, line, bed = rows[0]
        again = state == "claimed"
        if again:
            self.results["again"] += 1
            logger.warning("notice %s may have been sent before; sending it again", notice_id)
        with transaction(db):
            db.execute(
                "UPDATE deliveries SET state='claimed', attempt=attempt+1, claimed_ms=? WHERE id=?",
                (now_ms, ident),
            )
        clock = f"{local(at_ms, self._zone_of(bed)):%H:%M}"
        text = json.loads(line)["text"]
        push = Push(notice_id, bed, clock, title, text, Level(level), What(what), again)
        try:
            self._notifier.send(push)
        except PushError as error:
            self._later(db, ident, attempt + 1, decided_ms, error)
        except Exception as error:
            logger.exception("channel %s failed", self._channel)
            fault = PushError(f"{type(error).__name__}: {error}", permanent=False)
            self._later(db, ident, attempt + 1, decided_ms, fault)
        else:
            self._sent(db, ident)
        return True

    def _sent(self, db: sqlite3.Connection, ident: int) -> None:
        with transaction(db):
            db.execute(
                "UPDATE deliveries SET state='sent', sent_ms=?, error=NULL WHERE id=?",
                (self._utc_ms(), ident),
            )
        self.results["sent"] += 1
        if self._failing:
            logger.info("channel %s delivers again", self._channel)
        self._failing = False

    def _later(
        self, db: sqlite3.Connection, ident: int, attempt: int, decided_ms: int, error: PushError
    ) -> None:
        now_ms = self._utc_ms()
        wait_s = min(LONGEST_RETRY_S, FIRST_RETRY_S * 2.0 ** min(attempt - 1, 12))
        wait_s = max(wait_s, error.retry_after_s or 0.0)
        over = error.permanent or now_ms - decided_ms > self._give_up_ms
        with transaction(db):
            db.execute(
                "UPDATE deliveries SET state=?, next_ms=?, error=? WHERE id=?",
                ("failed" if over else "decided", now_ms + int(wait_s * 1000), str(error), ident),
            )
        self.results["failed" if over else "retried"] += 1
        level = logging.DEBUG if self._failing and not over else logging.WARNING
        what = "given up" if over else f"tried again in {wait_s:.0f} s"
        logger.log(level, "channel %s: %s; %s", self._channel, error, what)
        self._failing = True


def backlog(boxes: Mapping[str, Outbox], db: sqlite3.Connection) -> dict[str, int]:
    """Return how many pushes wait, by channel."""
    rows = dict(
        db.execute(
            "SELECT channel, count(*) FROM deliveries WHERE state IN ('decided','claimed')"
            " GROUP BY channel"
        ).fetchall()
    )
    return {name: int(rows.get(name, 0)) for name in boxes}
