"""Stores what the engines of beds were given besides windows, and reads a night as it was lived."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import date, tzinfo
from hashlib import blake2b
from heapq import merge
from typing import Any, NamedTuple

from legwatch.events import Tick, Window
from legwatch.limits.rules import Rules
from legwatch.limits.written import as_table
from legwatch.lived import Begun, Excused, Given, Lived, LivedNight, Lost
from legwatch.lived_json import entry_of, written
from legwatch.night import noons_ms
from legwatch.state_codec import from_json
from legwatch_runtime.profiles import judged
from legwatch_server.store import loss, notices, numbers, windows
from legwatch_server.store.batch import NewEvent, NewNoon, Row
from legwatch_server.store.packs import EVER, Span, snapshot

_LAST_EVENT = "SELECT coalesce(max(id), 0) FROM events"
_LAST_NOTICE = "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name='notices'), 0)"
_EVENT = "INSERT INTO events (id, bed_id, after_id, at_ms, what, data) VALUES (?,?,?,?,?,?)"
_NOON = (
    "INSERT INTO noons (bed_id, night, at_ms, window_id, event_id, notice_id, state, rules)"
    " VALUES (?,?,?,?,?,?,?,?) ON CONFLICT (bed_id, night) DO UPDATE SET at_ms=excluded.at_ms,"
    " window_id=excluded.window_id, event_id=excluded.event_id, notice_id=excluded.notice_id,"
    " state=excluded.state, rules=excluded.rules, again=?"
)
_BEGUN = (
    "SELECT at_ms, window_id, event_id, notice_id, again, state, rules FROM noons"
    " WHERE bed_id=? AND night=?"
)
_NEXT = (
    "SELECT window_id, event_id FROM noons WHERE bed_id=?1 AND"
    " (window_id>?2 OR (window_id=?2 AND event_id>?3)) ORDER BY window_id, event_id LIMIT 1"
)
_EVENTS = "SELECT id, after_id, what, data FROM events WHERE bed_id=? AND id>? ORDER BY id"
_GIVEN = (
    f"SELECT n.text, n.who, {notices.COLUMNS} FROM notices n"
    " WHERE n.at_ms BETWEEN ? AND ? AND n.bed_id=? AND n.id>? ORDER BY n.id"
)
_DELETED = "SELECT 1 FROM nights WHERE bed_id=? AND night=? AND raw=0"
DELETED = "its windows were deleted, since they were too old (store.raw_months)"
_STATE = "SELECT state FROM beds WHERE id=?"
_LIMITS = "limits:"  # before the name of limits in `meta`


def insert(db: sqlite3.Connection, lived: Sequence[NewEvent | NewNoon]) -> None:
    """Store what the engines were given; call it before the windows of the batch are stored."""
    if not lived:
        return
    window_id = numbers.next_window(db) - 1
    (event_id,) = db.execute(_LAST_EVENT).fetchone()
    (notice_id,) = db.execute(_LAST_NOTICE).fetchone()
    names: dict[int, str] = {}  # by the identity of the limits: to compare them takes long
    noons, events = list[Row](), list[Row]()
    for new in lived:
        after_id = window_id + new.after
        if isinstance(new, NewNoon):
            name = names.get(id(new.rules)) or names.setdefault(id(new.rules), _keep(db, new.rules))
            row = (
                new.bed_id, new.night, new.at_ms, after_id, event_id, notice_id + new.notices,
                new.state, name, int(not new.played),
            )  # fmt: skip
            noons.append(row)
        else:
            event_id += 1
            what, fields = written(new.entry)
            data = _json({**fields, "who": new.who} if new.who else fields)
            events.append((event_id, new.bed_id, after_id, new.at_ms, what, data))
    db.executemany(_NOON, noons)
    db.executemany(_EVENT, events)


def _keep(db: sqlite3.Connection, rules: Rules) -> str:
    """Keep limits once, and return their name; no row of `meta` with limits is ever deleted.

    Beds have mostly the same ones: in each row of a noon they were two thirds of its bytes, and
    made the windows of a noon take 14 us more.
    """
    text = _json(as_table(rules))
    name = f"{_LIMITS}{blake2b(text.encode(), digest_size=8).hexdigest()}"
    db.execute("INSERT OR IGNORE INTO meta VALUES (?,?)", (name, text))
    return name


def _kept(db: sqlite3.Connection, rules: str) -> Rules:
    """Return the limits of a noon, which were once in its own row; raises ValueError."""
    if rules.startswith(_LIMITS):
        row = db.execute("SELECT value FROM meta WHERE key=?", (rules,)).fetchone()
        if row is None:
            raise ValueError("its limits are missing")
        rules = row[0]
    return judged(json.loads(rules))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class _Place(NamedTuple):
    """A place among the windows and events of a bed: behind these."""

    window_id: int
    event_id: int


class _Begun(NamedTuple):
    """How a night was begun, as it is stored."""

    at_ms: int
    window_id: int
    event_id: int
    notice_id: int
    again: int
    state: str
    rules: str


def of_night(
    db: sqlite3.Connection, bed_id: int, bed: str, night: date, zone: tzinfo
) -> LivedNight:
    """Return a bed's night as it was lived; `zone` is for one whose begin was not kept."""
    with snapshot(db):
        row = db.execute(_BEGUN, (bed_id, night.isoformat())).fetchone()
        if row is None:
            return _not_begun(db, bed_id, bed, night, zone)
        return _begun_at_noon(db, bed_id, bed, night, _Begun._make(row))


def _begun_at_noon(
    db: sqlite3.Connection, bed_id: int, bed: str, night: date, begun: _Begun
) -> LivedNight:
    try:
        rules, state = _kept(db, begun.rules), from_json(begun.state)
        entries = tuple(_entries(db, bed_id, begun))
    except ValueError as error:
        raise ValueError(f"what is kept of it cannot be read ({error})") from None
    _, to_ms = noons_ms(night, rules.zone)
    made = LivedNight(
        bed, night.isoformat(), str(rules.zone), begun.at_ms, to_ms, state, rules, entries,
        tuple(_given(db, bed_id, begun, to_ms)),
    )  # fmt: skip
    return made._replace(missing=_missing(db, bed_id, begun, made))


def _not_begun(
    db: sqlite3.Connection, bed_id: int, bed: str, night: date, zone: tzinfo
) -> LivedNight:
    """Return what there is of a night of which nobody knows how it began."""
    from_ms, to_ms = noons_ms(night, zone)
    begun = _Begun(from_ms, 0, 0, 0, 0, "", "")
    came = tuple(lived for _, lived in _windows(db, bed_id, begun, Span(from_ms, to_ms)))
    given = tuple(_given(db, bed_id, begun, to_ms))
    deleted = is_deleted(db, bed_id, night)
    return LivedNight(
        bed, night.isoformat(), str(zone), from_ms, to_ms, None, None, came, given,
        DELETED if deleted else "the state at its noon was not kept",
    )  # fmt: skip


def is_deleted(db: sqlite3.Connection, bed_id: int, night: date) -> bool:
    """Return True if the windows of a night were deleted because they were too old."""
    return db.execute(_DELETED, (bed_id, night.isoformat())).fetchone() is not None


def _missing(db: sqlite3.Connection, bed_id: int, begun: _Begun, night: LivedNight) -> str:
    """Return why a night cannot be replayed as it was lived; empty: it can."""
    lost = loss.last(db)
    if is_deleted(db, bed_id, date.fromisoformat(night.night)):
        return DELETED
    if any(isinstance(lived.entry, Lost) for lived in night.entries):
        return "the state of the bed was lost in it"
    if lost is not None and not lost.complete and night.from_ms <= lost.at_ms < night.to_ms:
        return "the database was damaged in it"
    if begun.again:
        return f"the bed has passed its noon twice, because {_why_again(night)}"
    return ""


def _why_again(night: LivedNight) -> str:
    """Return why a night was begun twice; after a recording its sensors begin it so."""
    first = night.entries[0].entry if night.entries else None
    if isinstance(first, Begun):
        return "a recording was played in between"
    return "a clock or a time zone was set"


def _entries(db: sqlite3.Connection, bed_id: int, begun: _Begun) -> Iterator[Lived]:
    """Yield what came from one noon to the next, and of what follows only what passes that noon."""
    row = db.execute(_NEXT, (bed_id, begun.window_id, begun.event_id)).fetchone()
    end = _Place._make(row) if row else None
    # An event comes behind the window after which it came: `1` puts it there.
    stored = (
        ((after_id, 1, ident), what, data)
        for ident, after_id, what, data in db.execute(_EVENTS, (bed_id, begun.event_id))
    )
    came = (((ident, 0, 0), "window", lived) for ident, lived in _windows(db, bed_id, begun))
    for (window_id, _, event_id), what, found in merge(stored, came, key=lambda one: one[0]):
        lived = found if isinstance(found, Lived) else _event(what, found)
        yield lived
        if end is not None and _is_behind(window_id, event_id, end) and _closes(lived):
            return
    if end is None and (tick := _now(db, bed_id)) is not None:
        yield Lived(tick)


def _is_behind(window_id: int, event_id: int, end: _Place) -> bool:
    return event_id > end.event_id if event_id else window_id > end.window_id


def _closes(lived: Lived) -> bool:
    return not lived.late and isinstance(lived.entry, Window | Tick | Excused)


def _windows(
    db: sqlite3.Connection, bed_id: int, begun: _Begun, span: Span = EVER
) -> Iterator[tuple[int, Lived]]:
    for ident, window, arrived_ms, late in windows.arrived(db, bed_id, begun.window_id + 1, span):
        yield ident, Lived(window, arrived_ms, late)


def _event(what: str, data: str) -> Lived:
    fields: dict[str, Any] = json.loads(data)
    who = fields.pop("who", None)
    return Lived(entry_of(what, fields, judged), who=who)


def _now(db: sqlite3.Connection, bed_id: int) -> Tick | None:
    """Return up to when the bed was judged last: ticks after the last event are not stored."""
    row = db.execute(_STATE, (bed_id,)).fetchone()
    return Tick(from_json(row[0]).at_ms) if row and row[0] else None


def _given(db: sqlite3.Connection, bed_id: int, begun: _Begun, to_ms: int) -> Iterator[Given]:
    rows = db.execute(_GIVEN, (begun.at_ms, to_ms - 1, bed_id, begun.notice_id))
    for text, who, *fields in rows:
        yield Given(notices.notice_of(fields), text, who)
