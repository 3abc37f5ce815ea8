"""Remembers which settings the server has loaded, for commands that run beside it or after it."""

import json
import sqlite3
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from legwatch_server.store.records import Loaded, Refused, Way

_KEY = "loaded"  # in `meta`
_SET = "INSERT OR REPLACE INTO meta VALUES (?, ?)"
_DATE = "$date"  # JSON has no dates


def note(db: sqlite3.Connection, loaded: Loaded | None) -> None:
    """Note what is in force; None: it is noted already."""
    if loaded is not None:
        db.execute(_SET, (_KEY, _text(loaded)))


def is_noted(db: sqlite3.Connection, loaded: Loaded) -> bool:
    """Return True if exactly this was noted last; the texts are compared, which is cheap."""
    found = db.execute("SELECT 1 FROM meta WHERE key=? AND value=?", (_KEY, _text(loaded)))
    return found.fetchone() is not None


def last(db: sqlite3.Connection) -> Loaded | None:
    """Return what was noted last; None: nothing, or nothing that this version can read."""
    row = db.execute("SELECT value FROM meta WHERE key=?", (_KEY,)).fetchone()
    try:
        return _loaded(json.loads(row[0], object_hook=_from_json)) if row else None
    except (TypeError, ValueError, LookupError):
        return None


def ways(db: sqlite3.Connection) -> dict[str, Way]:
    """Return the ways to the people as they were noted last, by "person/channel"; mostly quick.

    The tables of ten thousand beds stand in the same note: they are not made for this.
    """
    row = db.execute("SELECT json_extract(value, '$.ways') FROM meta WHERE key=?", (_KEY,))
    found = row.fetchone()
    kept = json.loads(found[0]) if found and found[0] else {}
    return {name: Way(*way) for name, way in kept.items()}


def _loaded(kept: Mapping[str, Any]) -> Loaded:
    refused = Refused(int(kept["refused"][0]), str(kept["refused"][1])) if kept["refused"] else None
    salt, file, again, anew = (str(kept[name]) for name in ("salt", "file", "reload", "restart"))
    at_ms, ended_ms, owners = int(kept["at_ms"]), int(kept["ended_ms"]), str(kept["made_from"])
    zone = str(kept.get("machine_zone", ""))  # an earlier version did not note it
    table = dict(kept["table"])
    found = {name: Way(str(way[0]), int(way[1])) for name, way in kept.get("ways", {}).items()}
    return Loaded(at_ms, table, salt, file, again, anew, owners, zone, refused, ended_ms, found)


def _text(loaded: Loaded) -> str:
    return json.dumps(loaded._asdict(), default=_as_json)


def _as_json(value: object) -> object:
    if isinstance(value, date) and not isinstance(value, datetime):
        return {_DATE: value.isoformat()}
    return str(value)


def _from_json(found: dict[str, Any]) -> Any:
    return date.fromisoformat(found[_DATE]) if found.keys() == {_DATE} else found
