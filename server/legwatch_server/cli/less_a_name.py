"""Take a wrong name out of its list, so that the other names and the other shifts can be checked.

A roster without the list, or without the shift, would say other things than the file.
"""

import re
from typing import Any

from legwatch.errors import LegwatchError, SettingsError

_LISTS = ("beds", "people", "nights")
_BEFORE = ("", "bed ", "no bed ", "nobody is called ", "nobody watches bed ")  # the wrong name
_UNSEEN = "none of them watches bed "  # of a shift's people; the bed may be the wrong name
_STEP = re.compile(r"([^\[]+)(?:\[(\d+)\])?")


def less_a_name(table: dict[str, Any], error: LegwatchError) -> bool:
    """Take the name that an error is about out of its list; False: it is about none."""
    if not isinstance(error, SettingsError):
        return False
    way, _, key = error.path.rpartition(".")
    owner = entry(table, way)
    if owner is None or key not in _LISTS:
        return False
    befores: tuple[str, ...] = _BEFORE
    if key == "people" and error.problem.startswith(_UNSEEN):
        key, befores = "beds", (_UNSEEN,)
    listed = owner.get(key)
    names = [name for name in listed if isinstance(name, str)] if isinstance(listed, list) else []
    starts = {name: tuple(f"{before}{name!r}" for before in befores) for name in names}
    wrong = next((name for name in names if error.problem.startswith(starts[name])), None)
    if wrong is None:
        return False
    left = [name for name in names if name != wrong]
    if key == "people" and not left:  # somebody has to be left who may be on call there
        left = _anybody(table, owner)
    if key == "people" and not left:
        return False
    owner[key] = left
    return True


def entry(table: dict[str, Any], way: str) -> dict[str, Any] | None:
    """Return the table at a dotted path, such as `roster[1]`; None: there is none."""
    found: Any = table
    for step in way.split("."):
        parts = _STEP.fullmatch(step)
        found = found.get(parts[1]) if parts and isinstance(found, dict) else None
        if parts and parts[2] is not None:
            number = int(parts[2])
            found = found[number] if isinstance(found, list) and number < len(found) else None
    return found if isinstance(found, dict) else None


def _anybody(table: dict[str, Any], shift: dict[str, Any]) -> list[str]:
    """Return one person who watches all beds of a shift; empty: there is none."""
    people, beds = table.get("people"), shift.get("beds") or []
    everybody = people.items() if isinstance(people, dict) else ()
    watches = (
        name
        for name, person in everybody
        if isinstance(person, dict)
        and (not (own := person.get("beds")) or all(bed in own for bed in beds))
    )
    return list(watches)[:1]
