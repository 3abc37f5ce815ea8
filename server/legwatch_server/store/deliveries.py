"""Reads the outbox: one row per delivery, and one step row per change, with time and reason."""

import sqlite3
from collections.abc import Sequence

from legwatch.oncall.escalation import Purpose
from legwatch_server.store.delivery import (
    FOLLOWED,
    NEVER_MS,
    WAITING,
    Delivery,
    DeliveryState,
    Episode,
)

_COLUMNS = (
    "d.id, d.notice_id, d.bed_id, d.kind, d.episode_ms, d.person, d.channel, d.rank, d.tone,"
    " d.state, d.attempt, d.decided_ms, d.due_ms, d.next_ms, d.sent_ms, d.receipt, d.recall_ms"
)


def _any(words: Sequence[DeliveryState | Purpose]) -> str:
    """Return a list for IN; only written out can it be answered from a partial index."""
    return "(" + ", ".join(f"'{word}'" for word in words) + ")"


# The rows to send, to follow and to recall, once they are due.
_SEND = f"d.channel=? AND d.state IN {_any(WAITING)} AND d.recall_ms IS NULL"
_FOLLOW = f"d.channel=? AND d.state IN {_any(FOLLOWED)} AND d.receipt!='' AND d.recall_ms IS NULL"
_NOT_OUT = _any((DeliveryState.DECIDED, DeliveryState.FAILED))
_RECALL = f"d.channel=? AND d.recall_ms IS NOT NULL AND d.state NOT IN {_NOT_OUT}"
_ALERTS_FIRST = f"d.tone NOT IN {_any((Purpose.LOUD, Purpose.QUIET))}"
# Written out as in its index: then only what is open is looked at, and not years of it.
_QUIETLY = f"d.state='{DeliveryState.DECIDED}' AND d.tone='{Purpose.INFO}'"
_EPISODE = "d.bed_id=? AND d.kind=? AND d.episode_ms=?"
# Two queries, since each has a partial index.
_UNFINISHED = (
    f"SELECT id FROM deliveries WHERE state IN {_any(WAITING)}"
    " UNION SELECT id FROM deliveries WHERE recall_ms IS NOT NULL"
)
_LOUD_OF_UNFINISHED = (
    "SELECT l.id FROM deliveries u JOIN deliveries l ON l.bed_id=u.bed_id AND l.kind=u.kind"
    f" AND l.episode_ms=u.episode_ms WHERE u.id IN ({_UNFINISHED}) AND l.tone=?"
)
_PURPOSES, _STATES = set(Purpose), set(DeliveryState)
_ONE = "SELECT 1 FROM deliveries WHERE id=? AND state=?"


def to_send(db: sqlite3.Connection, channel: str, now_ms: int, most: int) -> list[Delivery]:
    """Return at most `most` due deliveries: alerts before information, then the oldest first."""
    order = f"ORDER BY {_ALERTS_FIRST}, d.next_ms, d.id LIMIT ?"
    return _rows(db, f"{_SEND} AND d.next_ms<=? {order}", (channel, now_ms, most))


def to_recall(db: sqlite3.Connection, channel: str, now_ms: int, most: int) -> list[Delivery]:
    """Return the due recalls of deliveries that were sent, or may have been sent."""
    where = f"{_RECALL} AND d.recall_ms<=? ORDER BY d.id LIMIT ?"
    return _rows(db, where, (channel, now_ms, most))


def to_follow(db: sqlite3.Connection, channel: str, now_ms: int, most: int) -> list[Delivery]:
    """Return the sent deliveries for which it is time to ask the service for progress."""
    where = f"{_FOLLOW} AND d.next_ms<=? ORDER BY d.next_ms LIMIT ?"
    return _rows(db, where, (channel, now_ms, most))


def next_ms(db: sqlite3.Connection, channel: str) -> int:
    """Return when the next row of a channel is due, UTC ms; NEVER_MS: none."""
    whens = (("next_ms", _SEND), ("next_ms", _FOLLOW), ("recall_ms", _RECALL))
    found = [
        db.execute(f"SELECT min(d.{when}) FROM deliveries d WHERE {rows}", (channel,)).fetchone()
        for when, rows in whens
    ]
    return min((int(at_ms) for (at_ms,) in found if at_ms is not None), default=NEVER_MS)


def around(db: sqlite3.Connection, delivery: Delivery) -> list[Delivery]:
    """Return a delivery as it is now, and the others of its alert."""
    if not delivery.notice_id:
        return _rows(db, "d.id=?", (delivery.id,))
    return _rows(db, f"{_EPISODE} ORDER BY d.id", delivery.episode)


def for_plan(db: sqlite3.Connection, episode: Episode) -> list[Delivery]:
    """Return an episode's deliveries, and what the bed's older alerts of this kind still have open.

    Of those it is only information, such as "it is over": the rest ended with its episode.
    """
    older = f"d.bed_id=? AND d.kind=? AND d.episode_ms!=? AND {_QUIETLY} ORDER BY d.id"
    return _rows(db, f"{_EPISODE} ORDER BY d.id", episode) + _rows(db, older, episode)


def unfinished(db: sqlite3.Connection) -> list[Delivery]:
    """Return what is not sent or to be taken back, and the loud deliveries of the same alerts."""
    where = f"d.id IN ({_UNFINISHED} UNION {_LOUD_OF_UNFINISHED}) ORDER BY d.id"
    return _rows(db, where, (Purpose.LOUD.value,))


def unreadable(db: sqlite3.Connection, newest: int) -> int:
    """Count the deliveries, of so many newest ones, with a word that is none."""
    sql = (
        "SELECT count(*) FROM (SELECT state, tone FROM deliveries ORDER BY id DESC LIMIT ?)"
        f" WHERE state NOT IN {_any(list(DeliveryState))} OR tone NOT IN {_any(list(Purpose))}"
    )
    return int(db.execute(sql, (newest,)).fetchone()[0])


def is_answered(db: sqlite3.Connection, ident: int) -> bool:
    """Return True if a person has answered the push."""
    return db.execute(_ONE, (ident, DeliveryState.ANSWERED.value)).fetchone() is not None


def has_step(db: sqlite3.Connection, ident: int, reason: str) -> bool:
    """Return True if a step of the delivery has this reason."""
    sql = "SELECT 1 FROM steps WHERE delivery_id=? AND reason=? LIMIT 1"
    return db.execute(sql, (ident, reason)).fetchone() is not None


def backlog(db: sqlite3.Connection, now_ms: int) -> dict[str, int]:
    """Count the deliveries that are due and not sent, by channel."""
    sql = (
        f"SELECT channel, count(*) FROM deliveries d WHERE d.state IN {_any(WAITING)}"
        " AND due_ms<=? GROUP BY channel"
    )
    return {channel: int(count) for channel, count in db.execute(sql, (now_ms,)).fetchall()}


def _rows(db: sqlite3.Connection, where: str, values: tuple[object, ...]) -> list[Delivery]:
    # Fetch all rows: a half-read query keeps an old snapshot, and a write then fails.
    found = db.execute(f"SELECT {_COLUMNS} FROM deliveries d WHERE {where}", values).fetchall()
    return [
        Delivery._make((*row[:8], Purpose(row[8]), DeliveryState(row[9]), *row[10:]))
        for row in found
        if row[8] in _PURPOSES and row[9] in _STATES  # any other word is damage: `check` says it
    ]
