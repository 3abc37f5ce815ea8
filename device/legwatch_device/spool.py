"""The spool: windows and presses that the server has not confirmed, in a SQLite file.

The file survives power cuts. A window or a press is deleted when the server confirms that it is
stored; a power cut may undo that, and then it is sent again. So only what is new needs a flush. A
full spool drops its oldest messages, logs this, and counts the lost windows.
"""

import json
import logging
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from pathlib import Path
from typing import Concatenate, NamedTuple, ParamSpec, TypeVar

from legwatch_device.spool_file import SpoolFile, SpoolMoved
from legwatch_runtime.salvage import is_damage

P = ParamSpec("P")
T = TypeVar("T")
logger = logging.getLogger(__name__)

UNBOUNDED = 1 << 62
SAID_EVERY = 1000  # lost windows: a log that says each would fill the card, too
MOST_PRESSES = 1000  # more come from a broken switch, not from a person


class SpooledWindow(NamedTuple):
    """A window in the spool; its payload is the JSON message without `low` and `age_ms`."""

    boot: str
    seq: int
    to_ms: int
    mono_ms: int
    clock: str
    payload: bytes


class SpooledPress(NamedTuple):
    """A press in the spool, as a JSON message; `after_id` is the id of the window before it."""

    id: int
    after_id: int
    payload: bytes


def mended(method: Callable[Concatenate["Spool", P], T]) -> Callable[Concatenate["Spool", P], T]:
    """Do it again in a new file, if the file is damaged."""

    @wraps(method)
    def call(self: "Spool", /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return method(self, *args, **kwargs)
        except sqlite3.Error as error:
            if not (isinstance(error, SpoolMoved) or is_damage(error)):
                raise
            self.mend(error)
        return method(self, *args, **kwargs)

    return call


class Spool:
    """The spool; only one thread may use it. Raises sqlite3.Error if the disk is full or locked."""

    def __init__(self, path: Path | str) -> None:
        self._file = SpoolFile(path)

    @property
    def has_left(self) -> bool:
        """True if it could not stay in its file, and goes on in memory."""
        return self._file.has_left

    @property
    def on_disk(self) -> bool:
        """False if it is in memory, and ends with the process."""
        return self._file.on_disk

    @property
    def _db(self) -> sqlite3.Connection:
        return self._file.db

    @mended
    def put(
        self,
        items: Sequence[SpooledWindow],
        facts: Iterable[tuple[str, int]] = (),
        presses: Sequence[tuple[int, bytes]] = (),
    ) -> int:
        """Store windows, facts and presses with one flush; return the id of the first window.

        A press comes as (number of these windows before the press, payload).
        """
        self._file.check()
        with self._transaction():
            last_id = self._last_id()
            self._db.executemany(
                "INSERT OR IGNORE INTO presses (after_id, payload) VALUES (?,?)",
                [(last_id + before, payload) for before, payload in presses],
            )
            self._db.executemany(
                "INSERT OR IGNORE INTO spool (boot, seq, to_ms, mono_ms, clock, payload)"
                " VALUES (?,?,?,?,?,?)",
                items,
            )
            self._db.executemany("REPLACE INTO facts (name, value) VALUES (?,?)", facts)
        self._file.note()
        return last_id + 1

    @mended
    def confirm(self, boot: str, seq: int) -> int:
        """Delete the windows of `boot` up to `seq`; return their number."""
        with self._file.unflushed():
            done = self._db.execute("DELETE FROM spool WHERE boot=? AND seq<=?", (boot, seq))
        self._file.note()
        return done.rowcount

    @mended
    def drop(self, idents: Sequence[int]) -> None:
        """Delete windows that are stored elsewhere."""
        with self._transaction():
            self._db.executemany("DELETE FROM spool WHERE id=?", [(ident,) for ident in idents])

    @mended
    def after(self, last_id: int, most: int) -> list[tuple[int, SpooledWindow]]:
        """Return up to `most` windows with ids above `last_id`, as (id, window), oldest first."""
        rows = self._db.execute(
            "SELECT id, boot, seq, to_ms, mono_ms, clock, payload FROM spool"
            " WHERE id>? ORDER BY id LIMIT ?",
            (last_id, most),
        )
        found = [(row[0], SpooledWindow(*row[1:])) for row in rows]
        bad = [ident for ident, window in found if not _is_sound(window)]
        if bad:
            self._lose(bad)
        return [one for one in found if one[0] not in bad]

    @mended
    def presses(self, last_id: int = 0) -> list[SpooledPress]:
        """Return the presses with ids above `last_id`, oldest first."""
        rows = self._db.execute(
            "SELECT id, after_id, payload FROM presses WHERE id>? ORDER BY id", (last_id,)
        )
        return [SpooledPress(*row) for row in rows]

    @mended
    def forget(self, payload: bytes) -> None:
        """Delete a press."""
        with self._file.unflushed():
            self._db.execute("DELETE FROM presses WHERE payload=?", (payload,))

    @mended
    def lowest(self, boot: str) -> int | None:
        """Return the lowest sequence number of a boot in the spool; None: no window of it."""
        row = self._db.execute("SELECT min(seq) FROM spool WHERE boot=?", (boot,)).fetchone()
        return None if row[0] is None else int(row[0])

    @mended
    def waiting(self) -> int:
        """Return the number of unconfirmed windows."""
        return self._count("spool")

    @mended
    def presses_waiting(self) -> int:
        """Return the number of unconfirmed presses."""
        return self._count("presses")

    @mended
    def fact(self, name: str) -> int | None:
        """Return a number that was stored with the windows; None if it never was."""
        row = self._db.execute("SELECT value FROM facts WHERE name=?", (name,)).fetchone()
        return row[0] if row is not None and type(row[0]) is int else None

    @mended
    def forget_starts(self, starts: str, runs: str) -> None:
        """Delete what is known of starts of the agent that have no window here any more.

        `starts` and `runs` begin the names of the facts of each start, and of each machine's run.
        """
        with self._file.unflushed(), self._transaction():
            self._db.execute(
                "DELETE FROM facts WHERE substr(name, 1, ?2)=?1"
                " AND substr(name, ?2 + 1) NOT IN (SELECT boot FROM spool)",
                (starts, len(starts)),
            )
            self._db.execute(
                "DELETE FROM facts WHERE substr(name, 1, ?2)=?1 AND substr(name, ?2 + 1) NOT IN"
                " (SELECT CAST(value AS TEXT) FROM facts WHERE substr(name, 1, ?4)=?3)",
                (runs, len(runs), starts, len(starts)),
            )

    @mended
    def trim(self, most: int, most_bytes: int = UNBOUNDED) -> int:
        """Drop the oldest windows above `most`; return the windows lost since the file was made.

        If the file has more than `most_bytes`, drop also the oldest that are too much for it, and
        a hundredth of all, so that this is not needed each time.
        """
        self._trim_presses()
        waiting, used = self.waiting(), self._file.used_bytes()
        over = waiting - most
        if used > most_bytes:
            over = max(over, waiting * (used - most_bytes) // used + waiting // 100 + 1)
        lost = self.fact("lost") or 0
        if over <= 0:
            return lost
        with self._file.unflushed(), self._transaction():
            self._db.execute(
                "DELETE FROM spool WHERE id IN (SELECT id FROM spool ORDER BY id LIMIT ?)", (over,)
            )
            self._db.execute("REPLACE INTO facts (name, value) VALUES ('lost', ?)", (lost + over,))
        if not lost or lost // SAID_EVERY != (lost + over) // SAID_EVERY:
            logger.warning("spool full: %s unconfirmed windows are lost so far", lost + over)
        return lost + over

    def mend(self, error: sqlite3.Error) -> None:
        """Set a damaged file aside, and go on in a new one with what can be read."""
        self._file.renew(error)

    def forget_note(self) -> None:
        """Let the next spool at the path miss nothing, since this one has it; see `has_left`."""
        self._file.forget_note()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _lose(self, idents: Sequence[int]) -> None:
        """Drop windows whose message is damaged: no server can confirm them, nor those after."""
        with self._transaction():
            self._db.executemany("DELETE FROM spool WHERE id=?", [(ident,) for ident in idents])
            self._file.count_lost(len(idents))
        logger.warning("spool: %s windows are damaged and lost", len(idents))

    def _trim_presses(self) -> None:
        over = self.presses_waiting() - MOST_PRESSES
        if over > 0:
            self._db.execute(
                "DELETE FROM presses WHERE id IN (SELECT id FROM presses ORDER BY id LIMIT ?)",
                (over,),
            )
            logger.warning(
                "spool: %s presses dropped, there were too many; is the button broken?", over
            )

    def _last_id(self) -> int:
        """Return the highest id that a window ever had, even if that window is deleted."""
        row = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name='spool'").fetchone()
        return 0 if row is None else int(row[0])

    def _count(self, table: str) -> int:
        return int(self._db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - our own words

    def _transaction(self) -> "_Transaction":
        return _Transaction(self._db)


def _is_sound(window: SpooledWindow) -> bool:
    """Return True if the message of a window still is one, and of this window."""
    try:
        body = json.loads(window.payload)
    except (ValueError, TypeError):
        return False
    timed = type(window.to_ms) is type(window.mono_ms) is int
    named = isinstance(body, dict) and (body.get("boot"), body.get("seq")) == window[:2]
    return timed and named


class _Transaction:
    """BEGIN, then COMMIT; after an exception ROLLBACK."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is None:
            self._db.execute("COMMIT")
        elif self._db.in_transaction:
            self._db.execute("ROLLBACK")
