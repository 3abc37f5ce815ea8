"""Deletes windows that are older than the owner wants them, a night at a time.

Only of nights that are summed up; the roll-ups stay. What is deleted leaves free pages in the file,
which new rows use.
"""

import sqlite3

from legwatch_server.store import times
from legwatch_server.store.connection import transaction
from legwatch_server.store.nights import NightKey

_DAYS = 30.4375  # of a month
DAY_MS = 86_400_000
_SUMMED = "raw=1 AND stale=0 AND minutes IS NOT NULL"
_OLDEST = (
    f"SELECT bed_id, night, from_ms, to_ms FROM nights WHERE {_SUMMED} AND to_ms<?"
    " ORDER BY to_ms LIMIT 1"
)
_FORGET = "UPDATE nights SET raw=0 WHERE bed_id=? AND night=?"
_DELETE = "DELETE FROM packs WHERE bed_id=? AND hour_ms>=? AND hour_ms<?"
_NOON = "DELETE FROM noons WHERE bed_id=? AND night=?"
# Of nights without a window: nothing of them is ever summed up.
_NOONS = (
    "DELETE FROM noons WHERE rowid IN (SELECT o.rowid FROM noons o WHERE o.at_ms<? AND NOT EXISTS"
    " (SELECT 1 FROM nights n WHERE n.bed_id = o.bed_id AND n.night = o.night)"
    " ORDER BY o.at_ms LIMIT 20)"
)


# In the order of their times; no night of these is there any more.
_EVENTS = "SELECT id FROM events WHERE at_ms<? ORDER BY at_ms LIMIT 400"


def limit_ms(now_ms: int, months: int) -> int:
    """Return before which moment windows are too old."""
    return now_ms - deleted_ms(0, months)


def deleted_ms(to_ms: int, months: int) -> int:
    """Return when the windows of a night that ends at `to_ms` are too old."""
    return to_ms + round(months * _DAYS * DAY_MS)


def forget(db: sqlite3.Connection, now_ms: int, months: int) -> bool:
    """Delete the windows of the oldest night, if they are too old; False: there are none.

    Not while nobody trusts the server's time: a clock that is years ahead would delete everything.
    """
    known = times.last(db)
    if known is not None and known.doubt_ms > now_ms:
        return False
    too_old = limit_ms(now_ms, months)
    row = db.execute(_OLDEST, (too_old,)).fetchone()
    if row is None:
        return _forget_noons(db, too_old) or _forget_events(db, too_old - 2 * DAY_MS)
    key = NightKey._make(row)
    with transaction(db):
        db.execute(_FORGET, (key.bed_id, key.night))
        db.execute(_DELETE, (key.bed_id, key.from_ms, key.to_ms))
        db.execute(_NOON, (key.bed_id, key.night))
    return True


def _forget_noons(db: sqlite3.Connection, too_old_ms: int) -> bool:
    (oldest,) = db.execute("SELECT min(at_ms) FROM noons").fetchone()
    if oldest is None or oldest >= too_old_ms - 2 * DAY_MS:
        return False
    with transaction(db):
        return db.execute(_NOONS, (too_old_ms - 2 * DAY_MS,)).rowcount > 0


def _forget_events(db: sqlite3.Connection, too_old_ms: int) -> bool:
    (oldest,) = db.execute("SELECT min(at_ms) FROM events").fetchone()
    if oldest is None or oldest >= too_old_ms:
        return False
    with transaction(db):
        sql = f"DELETE FROM events WHERE id IN ({_EVENTS})"
        return db.execute(sql, (too_old_ms,)).rowcount > 0
