"""Stores notices and reads them back."""

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from legwatch.alerting.notice import Notice, SuppressedBy, TransitionKind
from legwatch.conditions.verdict import Reason, Rule, Severity
from legwatch.events import notice_kind
from legwatch_server.store.batch import SERVER, NewNotice
from legwatch_server.store.records import StoredNotice, TrialCount

_INSERT = (
    "INSERT INTO notices (bed_id, at_ms, kind, what, level, reason, held, episode_ms, who,"
    " figures, text, rule, rule_value) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)"
)
# The columns that `notice_of` takes.
COLUMNS = (
    "n.at_ms, n.kind, n.what, n.level, n.reason, n.figures, n.held, n.episode_ms, n.rule,"
    " n.rule_value"
)
# The name of the bed; notices about the server itself have no bed.
NAME = f"coalesce(b.name, '{SERVER}')"
_STORED = (
    f"SELECT n.id, {NAME}, n.who, n.text, {COLUMNS} FROM notices n"
    " LEFT JOIN beds b ON b.id = n.bed_id"
)


def insert(db: sqlite3.Connection, new: NewNotice) -> int:
    """Store a notice; return its id."""
    notice = new.notice
    figures = json.dumps(dict(notice.figures), ensure_ascii=False, separators=(",", ":"))
    path, value = notice.rule or (None, None)
    row = (
        new.bed_id, notice.at_ms, notice.kind.value, notice.transition.value,
        notice.severity.value, notice.reason.value,
        notice.suppressed_by.value if notice.suppressed_by else None,
        notice.episode_ms, new.who, figures, new.text, path, value,
    )  # fmt: skip
    return db.execute(_INSERT, row).lastrowid or 0


def one(db: sqlite3.Connection, ident: int) -> StoredNotice | None:
    """Return a notice; None if there is none with this id."""
    row = db.execute(f"{_STORED} WHERE n.id=?", (ident,)).fetchone()
    return _stored(row) if row else None


def after(db: sqlite3.Connection, ident: int, most: int) -> list[StoredNotice]:
    """Return at most `most` notices with a higher id, in the order of their ids."""
    rows = db.execute(f"{_STORED} WHERE n.id>? ORDER BY n.id LIMIT ?", (ident, most))
    return [_stored(row) for row in rows]


def last_id(db: sqlite3.Connection) -> int:
    """Return the id of the last notice of all; 0: none."""
    return int(db.execute("SELECT coalesce(max(id), 0) FROM notices").fetchone()[0])


def trial_count(db: sqlite3.Connection, bed_id: int) -> TrialCount:
    """Count the alerts that a bed's trial nights have suppressed."""
    sql = (
        "SELECT b.name, (SELECT count(DISTINCT kind || episode_ms) FROM notices n"
        " WHERE n.bed_id = b.id AND held = ?) FROM beds b WHERE b.id=?"
    )
    row = db.execute(sql, (SuppressedBy.TRIAL.value, bed_id)).fetchone()
    return TrialCount._make(row or ("", 0))  # the bed's row was lost with a damaged file


def notice_of(fields: Sequence[Any]) -> Notice:
    """Build a notice from the values of COLUMNS."""
    at_ms, kind, transition, severity, reason, figures, held, episode_ms, path, value = fields
    return Notice(
        at_ms=at_ms,
        kind=notice_kind(kind),
        transition=TransitionKind(transition),
        severity=Severity(severity),
        reason=Reason(reason),
        figures=tuple(json.loads(figures).items()),
        suppressed_by=SuppressedBy(held) if held else None,
        episode_ms=episode_ms,
        rule=None if path is None or value is None else Rule(path, value),
    )


def _stored(row: Sequence[Any]) -> StoredNotice:
    ident, bed, who, text, *fields = row
    return StoredNotice(ident, bed, who, text, notice_of(fields))
