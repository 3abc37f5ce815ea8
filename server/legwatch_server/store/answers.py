"""Stores the answers of people, and finds what an answer is about."""

import sqlite3
from collections.abc import Iterable

from legwatch.contract.action import Action
from legwatch.events import FactKind
from legwatch_server.claims import Target, TargetKind
from legwatch_server.store.batch import Row

_INSERT = (
    "INSERT INTO answers (at_ms, token, notice_id, bed_id, person, act, minutes, via)"
    " VALUES (?,?,?,?,?,?,?,?)"
)
_TARGET = {
    TargetKind.NOTICE: "SELECT b.name, b.id, n.id, n.kind, n.episode_ms FROM notices n"
    " JOIN beds b ON b.id=n.bed_id WHERE n.id=?",
    TargetKind.DELIVERY: "SELECT coalesce(b.name, ''), d.bed_id, d.notice_id, d.kind, d.episode_ms,"
    " d.person FROM deliveries d LEFT JOIN beds b ON b.id=d.bed_id WHERE d.id=?",
    TargetKind.BED: "SELECT name, id FROM beds WHERE id=?",
}


def insert(db: sqlite3.Connection, answers: Iterable[Row]) -> None:
    """Store answers."""
    db.executemany(_INSERT, answers)


def used_ms(db: sqlite3.Connection, token: bytes) -> int | None:
    """Return when a link was used, UTC ms; None: not yet. `token` is the link's signature."""
    row = db.execute("SELECT at_ms FROM answers WHERE token=?", (token,)).fetchone()
    return int(row[0]) if row else None


def target(db: sqlite3.Connection, of: TargetKind, ident: int) -> Target | None:
    """Return the bed, notice and person of an answer; None if they no longer exist.

    A fact of a night asks for no answer, and is none either.
    """
    row = db.execute(_TARGET[of], (ident,)).fetchone()
    found = Target(*row) if row else None
    return None if found is None or found.kind in set(FactKind) else found


def confirmed_ms(db: sqlite3.Connection, person: str) -> int | None:
    """Return when a person last confirmed that they can be woken, UTC ms; None: never."""
    sql = "SELECT max(at_ms) FROM answers WHERE act=? AND person=?"
    found: int | None = db.execute(sql, (Action.AWAKE.value, person)).fetchone()[0]
    return found
