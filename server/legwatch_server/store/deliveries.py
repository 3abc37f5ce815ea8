"""The outbox: one row per delivery, and one step row per change, with time and reason.

Functions that write run inside the caller's transaction.
"""

import sqlite3
from typing import NamedTuple

from legwatch.oncall.escalation import Purpose

NEVER_MS = 1 << 53
FOLLOW_H = 4  # no service repeats a sound for longer
RECALL_TRIES_S = 60.0
TOO_LATE = "too late to matter"
# How long after its due time a push is still useful.
_LONGEST_S = {
    Purpose.REHEARSAL: 3600,
    Purpose.CONFIRM: 3600,
    Purpose.INFO: 1800,
}
SUPERSEDED = "a newer word replaces it"
MOVED = "later: nobody could be told while the server was away"
_COLUMNS = (
    "d.id, d.notice_id, d.bed_id, d.kind, d.episode_ms, d.person, d.channel, d.rank, d.tone,"
    " d.state, d.attempt, d.decided_ms, d.due_ms, d.sent_ms, d.receipt, d.recall_ms"
)
# The rows to send, to follow and to recall, once they are due.
_SEND = "d.channel=? AND d.state IN ('decided','claimed') AND d.recall_ms IS NULL"
_FOLLOW = (
    "d.channel=? AND d.state IN ('sent','delivered') AND d.receipt!='' AND d.recall_ms IS NULL"
)
_RECALL = "d.channel=? AND d.recall_ms IS NOT NULL AND d.state NOT IN ('decided','failed')"
_INSERT = (
    "INSERT INTO deliveries (notice_id, bed_id, kind, episode_ms, person, channel, rank, tone,"
    " due_ms, next_ms, decided_ms) VALUES (?,?,?,?,?,?,?,?,?,?,?)"
)
_STEP = "INSERT INTO steps (delivery_id, at_ms, state, attempt, reason) VALUES (?,?,?,?,?)"
_STEP_ALL = (
    "INSERT INTO steps (delivery_id, at_ms, state, attempt, reason)"
    " SELECT id, ?, ?, attempt, ? FROM deliveries WHERE "
)


class Delivery(NamedTuple):
    """One push on one channel to one person. Times in UTC ms."""

    id: int
    notice_id: int  # 0: a push without a notice, such as a rehearsal
    bed_id: int
    kind: str
    episode_ms: int
    person: str
    channel: str
    rank: int
    purpose: Purpose
    state: str
    attempt: int  # tries so far, finished or not
    decided_ms: int
    due_ms: int
    sent_ms: int | None
    receipt: str
    recall_ms: int | None


class DeliveryTest(NamedTuple):
    """One push of the rehearsal: to one person on one channel."""

    person: str
    channel: str
    purpose: Purpose
    bed_id: int = 0  # the bed whose end of trial nights the push announces; 0: none


def to_send(db: sqlite3.Connection, channel: str, now_ms: int, most: int) -> list[Delivery]:
    """Return at most `most` due deliveries: alerts before information, then the oldest first."""
    order = "ORDER BY d.tone NOT IN ('loud','quiet'), d.next_ms, d.id"
    return _rows(db, f"{_SEND} AND d.next_ms<=? {order}", (channel, now_ms), most)


def to_recall(db: sqlite3.Connection, channel: str, now_ms: int, most: int) -> list[Delivery]:
    """Return the due recalls of deliveries that were sent, or may have been sent."""
    return _rows(db, f"{_RECALL} AND d.recall_ms<=? ORDER BY d.id", (channel, now_ms), most)


def to_follow(db: sqlite3.Connection, channel: str, now_ms: int, most: int) -> list[Delivery]:
    """Return the sent deliveries for which it is time to ask the service for progress."""
    return _rows(db, f"{_FOLLOW} AND d.next_ms<=? ORDER BY d.next_ms", (channel, now_ms), most)


def find(db: sqlite3.Connection, ident: int) -> Delivery | None:
    """Return one delivery; None if there is none with this id."""
    found = _rows(db, "d.id=?", (ident,), 1)
    return found[0] if found else None


def _rows(
    db: sqlite3.Connection, where: str, values: tuple[object, ...], most: int
) -> list[Delivery]:
    # Fetch all rows: a half-read query keeps an old snapshot, and a write then fails.
    sql = f"SELECT {_COLUMNS} FROM deliveries d WHERE {where} LIMIT {most}"  # noqa: S608 - our own SQL
    found = db.execute(sql, values).fetchall()
    return [Delivery._make((*r[:8], Purpose(r[8]), *r[9:])) for r in found]


def next_ms(db: sqlite3.Connection, channel: str) -> int:
    """Return when the next row of a channel is due, UTC ms; NEVER_MS: none."""
    whens = (("next_ms", _SEND), ("next_ms", _FOLLOW), ("recall_ms", _RECALL))
    found = [
        db.execute(f"SELECT min(d.{when}) FROM deliveries d WHERE {rows}", (channel,)).fetchone()  # noqa: S608 - our own SQL
        for when, rows in whens
    ]
    return min((int(at_ms) for (at_ms,) in found if at_ms is not None), default=NEVER_MS)


def reached_otherwise(db: sqlite3.Connection, delivery: Delivery) -> bool:
    """Return True if another channel has sent the same push to the person."""
    if not delivery.notice_id or delivery.purpose is Purpose.QUIET:
        return False
    sql = (
        "SELECT 1 FROM deliveries WHERE notice_id=? AND person=? AND tone=? AND rank!=?"
        " AND sent_ms IS NOT NULL LIMIT 1"
    )
    values = (delivery.notice_id, delivery.person, delivery.purpose.value, delivery.rank)
    return db.execute(sql, values).fetchone() is not None


def too_late(delivery: Delivery, now_ms: int) -> bool:
    """Return True if a push is too old to be useful; a push of an alert is never too late."""
    longest_s = _LONGEST_S.get(delivery.purpose)
    return longest_s is not None and now_ms - delivery.due_ms > longest_s * 1000


def was_postponed(db: sqlite3.Connection, delivery: Delivery) -> bool:
    """Return True if the server missed the planned time and moved the push to a later one."""
    sql = "SELECT 1 FROM steps WHERE delivery_id=? AND reason=? LIMIT 1"
    return db.execute(sql, (delivery.id, MOVED)).fetchone() is not None


def insert(db: sqlite3.Connection, delivery: tuple[object, ...], due_ms: int, now_ms: int) -> None:
    """Add a push: (notice_id, bed_id, kind, episode_ms, person, channel, rank, tone)."""
    ident = db.execute(_INSERT, (*delivery, due_ms, due_ms, now_ms)).lastrowid
    why = None if due_ms == now_ms else f"due in {(due_ms - now_ms) / 60_000:g} min"
    db.execute(_STEP, (ident, now_ms, "decided", 0, why))


def claim(db: sqlite3.Connection, delivery: Delivery, now_ms: int) -> None:
    """Claim a delivery: from now on, the push may have been sent."""
    db.execute(
        "UPDATE deliveries SET state='claimed', attempt=?, claimed_ms=? WHERE id=?",
        (delivery.attempt + 1, now_ms, delivery.id),
    )
    why = "it may have been sent before a crash" if delivery.state == "claimed" else None
    db.execute(_STEP, (delivery.id, now_ms, "claimed", delivery.attempt + 1, why))


def sent(
    db: sqlite3.Connection,
    delivery: Delivery,
    now_ms: int,
    *,
    receipt: str,
    delivered: bool,
    proof: str | None,
    follow_every_s: float | None,
) -> None:
    """Mark a push as sent, and withdraw the person's other channels for the same notice."""
    follow = follow_every_s is not None and receipt and delivery.purpose is Purpose.LOUD
    again_ms = now_ms + int((follow_every_s or 0) * 1000) if follow else NEVER_MS
    state = "delivered" if delivered else "sent"
    db.execute(
        "UPDATE deliveries SET state=?, sent_ms=?, receipt=?, next_ms=?, error=NULL WHERE id=?",
        (state, now_ms, receipt, again_ms, delivery.id),
    )
    db.execute(_STEP, (delivery.id, now_ms, "sent", delivery.attempt + 1, proof))
    if delivered:
        db.execute(_STEP, (delivery.id, now_ms, "delivered", delivery.attempt + 1, None))
    # A service that is followed repeats the sound of an older push until the recall.
    if delivery.notice_id and follow_every_s is None:
        _drop_recalls(db, delivery)
    if delivery.notice_id and delivery.purpose is not Purpose.QUIET:
        others = "notice_id=? AND person=? AND tone=? AND rank!=? AND state='decided'"
        values = (delivery.notice_id, delivery.person, delivery.purpose.value, delivery.rank)
        withdraw_where(db, others, values, now_ms, f"reached by {delivery.channel}")


def _drop_recalls(db: sqlite3.Connection, delivery: Delivery) -> None:
    """Cancel pending recalls of older messages: the service would withdraw the new one too."""
    db.execute(
        "UPDATE deliveries SET recall_ms=NULL WHERE bed_id=? AND kind=? AND episode_ms=?"
        " AND person=? AND channel=? AND id<? AND recall_ms IS NOT NULL",
        (
            delivery.bed_id,
            delivery.kind,
            delivery.episode_ms,
            delivery.person,
            delivery.channel,
            delivery.id,
        ),
    )


def supersede_where(db: sqlite3.Connection, where: str, values: tuple[object, ...]) -> None:
    """Allow no more tries for claimed deliveries: a newer message replaces them."""
    sql = f"UPDATE deliveries SET next_ms=? WHERE {where} AND state='claimed'"  # noqa: S608 - our own SQL
    db.execute(sql, (NEVER_MS, *values))


def cancelled_because(db: sqlite3.Connection, delivery: Delivery) -> str:
    """Return why a failed push gets no more tries; empty: try again."""
    sql = "SELECT recall_ms IS NOT NULL, next_ms>=? FROM deliveries WHERE id=?"
    recalled, superseded = db.execute(sql, (NEVER_MS, delivery.id)).fetchone()
    if recalled:
        return "it is over or answered"
    return SUPERSEDED if superseded else ""


def withdraw(db: sqlite3.Connection, delivery: Delivery, now_ms: int, why: str) -> None:
    """Withdraw one delivery that nobody needs any more."""
    withdraw_where(db, "id=?", (delivery.id,), now_ms, why)


def withdraw_where(
    db: sqlite3.Connection, where: str, values: tuple[object, ...], now_ms: int, why: str
) -> None:
    """Withdraw all deliveries that match `where`, and add a step to each."""
    db.execute(_STEP_ALL + where, (now_ms, "withdrawn", why, *values))
    db.execute(
        f"UPDATE deliveries SET state='withdrawn', error=? WHERE {where}",  # noqa: S608 - our own SQL
        (why, *values),
    )


def postpone_where(
    db: sqlite3.Connection,
    where: str,
    values: tuple[object, ...],
    now_ms: int,
    by_ms: int,
    why: str,
) -> None:
    """Move the due time of all deliveries that match `where`; `by_ms` < 0: earlier."""
    db.execute(_STEP_ALL + where, (now_ms, "decided", why, *values))
    db.execute(
        f"UPDATE deliveries SET next_ms=next_ms+?, due_ms=due_ms+? WHERE {where}",  # noqa: S608 - our own SQL
        (by_ms, by_ms, *values),
    )


def retry(db: sqlite3.Connection, delivery: Delivery, why: str, now_ms: int, wait_s: float) -> None:
    """Plan another try after `wait_s`."""
    db.execute(
        "UPDATE deliveries SET state='decided', next_ms=?, error=? WHERE id=?",
        (now_ms + int(wait_s * 1000), why, delivery.id),
    )
    step = (delivery.id, now_ms, "retry", delivery.attempt + 1, f"{why}; again in {wait_s:.0f} s")
    db.execute(_STEP, step)


def failed(db: sqlite3.Connection, delivery: Delivery, why: str, now_ms: int) -> None:
    """Give a delivery up; make the person's next channel due now, or else the next person."""
    db.execute("UPDATE deliveries SET state='failed', error=? WHERE id=?", (why, delivery.id))
    db.execute(_STEP, (delivery.id, now_ms, "failed", delivery.attempt + 1, why))
    if not delivery.notice_id or delivery.purpose is Purpose.QUIET:
        return
    mine = "notice_id=? AND person=? AND tone=?"
    values = (delivery.notice_id, delivery.person, delivery.purpose.value)
    hurried = db.execute(
        f"UPDATE deliveries SET next_ms=?, due_ms=? WHERE {mine} AND state='decided' AND attempt=0"  # noqa: S608 - our own SQL
        " AND rank=?",
        (now_ms, now_ms, *values, delivery.rank + 1),
    ).rowcount
    pending = db.execute(
        f"SELECT 1 FROM deliveries WHERE {mine} AND state NOT IN ('failed','withdrawn') LIMIT 1",  # noqa: S608 - our own SQL
        values,
    ).fetchone()
    if not hurried and not pending and delivery.purpose is Purpose.LOUD:
        _bring_forward(db, delivery, now_ms)


def _bring_forward(db: sqlite3.Connection, delivery: Delivery, now_ms: int) -> None:
    """Notify the next person now, and all later people earlier: this person got no push."""
    later = "notice_id=? AND tone='loud' AND state='decided' AND attempt=0 AND due_ms>?"
    values = (delivery.notice_id, now_ms)
    first = db.execute(f"SELECT min(due_ms) FROM deliveries WHERE {later}", values).fetchone()[0]  # noqa: S608 - our own SQL
    if first is None:
        return
    why = f"earlier: {delivery.person} cannot be reached"
    postpone_where(db, later, values, now_ms, now_ms - first, why)


def clear_recall(db: sqlite3.Connection, delivery: Delivery) -> None:
    """Cancel a recall: the channel cannot withdraw a push."""
    db.execute("UPDATE deliveries SET recall_ms=NULL WHERE id=?", (delivery.id,))


def recalled(db: sqlite3.Connection, delivery: Delivery, error: str | None, now_ms: int) -> None:
    """Mark a push as withdrawn.

    After an error, plan another try each minute, until four hours after the push was sent.
    """
    if error is not None and now_ms - (delivery.sent_ms or delivery.due_ms) < FOLLOW_H * 3_600_000:
        again_ms = now_ms + int(RECALL_TRIES_S * 1000)
        db.execute("UPDATE deliveries SET recall_ms=? WHERE id=?", (again_ms, delivery.id))
        return
    why = f"not taken back: {error}" if error is not None else "taken back"
    db.execute(
        "UPDATE deliveries SET state=CASE state WHEN 'answered' THEN state ELSE 'withdrawn' END,"
        " recall_ms=NULL WHERE id=?",
        (delivery.id,),
    )
    db.execute(_STEP, (delivery.id, now_ms, "withdrawn", delivery.attempt, why))


def followed(
    db: sqlite3.Connection,
    delivery: Delivery,
    now_ms: int,
    *,
    over: bool,
    delivered: bool,
    every_s: float | None,
) -> None:
    """Store the progress of a push, and when to ask the service again."""
    again_ms = now_ms + int((every_s or 60.0) * 1000)
    if over or now_ms - (delivery.sent_ms or now_ms) > FOLLOW_H * 3_600_000:
        again_ms = NEVER_MS
    state = delivery.state
    if delivered and state == "sent":
        state = "delivered"
        db.execute(_STEP, (delivery.id, now_ms, state, delivery.attempt, None))
    # Keep polling until the answer is stored: until then it is only in memory.
    db.execute(
        "UPDATE deliveries SET state=?, next_ms=? WHERE id=?", (state, again_ms, delivery.id)
    )


def answered(db: sqlite3.Connection, ident: int, now_ms: int, why: str) -> None:
    """Mark a push as answered, if it was or may have been sent."""
    db.execute(
        "UPDATE deliveries SET state='answered' WHERE id=? AND state IN"
        " ('claimed','sent','delivered','withdrawn')",
        (ident,),
    )
    db.execute(_STEP, (ident, now_ms, "answered", 0, why))
