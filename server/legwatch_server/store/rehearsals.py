"""Remembers which evenings were rehearsed and whose trial nights were announced."""

import sqlite3

from legwatch.oncall.escalation import Purpose
from legwatch_server.store.delivery import DeliveryState
from legwatch_server.store.records import LastTest

_EVENING = "rehearsed"
_ANNOUNCED = "learned:"  # the start of a key in `meta`; the bed's id follows
_SET = "INSERT OR REPLACE INTO meta VALUES (?, ?)"
_LAST = (
    "SELECT d.state, d.sent_ms, d.error, d.decided_ms, (SELECT reason FROM steps s WHERE"
    " s.delivery_id=d.id AND s.state=?) FROM deliveries d WHERE d.person=? AND d.channel=?"
    f" AND d.tone='{Purpose.REHEARSAL}' ORDER BY d.id DESC LIMIT 1"  # as its index has it
)


def evening(db: sqlite3.Connection) -> str:
    """Return the evening (ISO date) of the last rehearsal; empty: none."""
    row = db.execute("SELECT value FROM meta WHERE key=?", (_EVENING,)).fetchone()
    return str(row[0]) if row else ""


def note(db: sqlite3.Connection, evening_: str, announced: frozenset[int]) -> None:
    """Note an evening as rehearsed, and the beds whose end of trial nights it announces."""
    db.execute(_SET, (_EVENING, evening_))
    for bed_id in sorted(announced):
        db.execute(_SET, (f"{_ANNOUNCED}{bed_id}", evening_))


def announced(db: sqlite3.Connection) -> set[int]:
    """Return the ids of the beds whose end of trial nights was announced."""
    rows = db.execute("SELECT key FROM meta WHERE key LIKE ?", (f"{_ANNOUNCED}%",))
    return {int(ident) for (key,) in rows if (ident := key.removeprefix(_ANNOUNCED)).isdecimal()}


def last_test(db: sqlite3.Connection, person: str, channel: str) -> LastTest | None:
    """Return what became of the last silent test; None: there was none."""
    row = db.execute(_LAST, (DeliveryState.SENT.value, person, channel)).fetchone()
    return LastTest(DeliveryState(row[0]), *row[1:]) if row else None
