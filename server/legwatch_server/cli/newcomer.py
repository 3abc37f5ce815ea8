"""Whether a key names a person or a bed that was not known: it may be a mistyped one."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from legwatch.errors import LegwatchError
from legwatch_server import settings_file
from legwatch_server.notify.known_beds import heard_beds

_WHAT = {"people": "person", "beds": "bed"}


def newcomer(path: Path, key: str) -> str:
    """Return a sentence on whom a change of the key would make; empty: nobody new."""
    table, _, rest = key.partition(".")
    name = rest.partition(".")[0]
    if not name or table not in _WHAT:
        return ""
    with suppress(LegwatchError):  # what is wrong with the files is said when the key is set
        known = _known(path, table)
        if name not in known:
            names = ", ".join(sorted(known)) or "none"
            back = "`legwatch settings undo` takes it back"
            return f"{name} is a new {_WHAT[table]}; known: {names}. {back}."
    return ""


def _known(path: Path, table: str) -> set[str]:
    found = settings_file.table(path)
    named = found.get(table, {})
    known = set(named) if isinstance(named, Mapping) else set()
    if table == "beds":
        known.update(heard_beds(settings_file.checked(found)) or ())
    return known
