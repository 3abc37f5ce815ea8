"""Who stands in for a person or a bed that was taken out of the settings, since others name it.

Without one a shift would name nobody, and a bed would be watched by nobody: errors that the file
does not have. A stand-in watches the same beds, and has nothing that can be wrong.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

_A_BED = "bed"
_REACHED_BY = ("channels", "quiet", "address")  # what may be wrong with a person beyond repair


def named(table: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the people and the beds of a table, as they are before something is taken out."""
    found = {key: table.get(key) for key in ("people", "beds")}
    return {key: dict(inner) for key, inner in found.items() if isinstance(inner, dict)}


def stand_in(table: dict[str, Any], was: Mapping[str, Mapping[str, Any]]) -> None:
    """Put somebody in for each person that was taken out, and a bed for each that was no table."""
    people, beds = table.get("people"), table.get("beds")
    if isinstance(people, dict):
        everybody = was.get("people", {})
        gone = {name: _usable(name, everybody) for name in everybody if name not in people}
        table["people"] = {
            gone.get(name, name): _reachable(own) if name in gone else own
            for name, own in everybody.items()
            if name in gone or name in people
        }
        _rename(table.get("roster"), gone)
    if isinstance(beds, dict):
        no_tables = [bed for bed, own in was.get("beds", {}).items() if not isinstance(own, dict)]
        beds.update({bed: {} for bed in no_tables if bed not in beds})


def another_bed(shape: type[Any], table: dict[str, Any], path: str) -> bool:
    """Give the table of an agent another bed if its own is wrong or missing; an agent needs one."""
    if path != "bed" or path not in {field.name for field in fields(shape)}:
        return False
    if table.get("bed") == _A_BED:
        return False
    table["bed"] = _A_BED
    return True


def _reachable(person: Any) -> dict[str, Any]:
    own = person if isinstance(person, dict) else {}
    kept = {key: value for key, value in own.items() if key not in _REACHED_BY}
    return {**kept, "channels": ["console"]}


def _usable(name: str, known: Mapping[str, Any]) -> str:
    """Return a name that a person may have and nobody else has, as like the given one as can be."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    like = re.sub(r"[^A-Za-z0-9]", "-", plain)[:32].strip("-") or "somebody"
    others = known.keys() - {name}
    return f"{like[:28]}-{len(others)}" if like in others else like


def _rename(roster: Any, gone: Mapping[str, str]) -> None:
    for shift in roster if isinstance(roster, list) else ():
        names = shift.get("people") if isinstance(shift, dict) else None
        if isinstance(names, list):
            shift["people"] = [gone.get(n, n) if isinstance(n, str) else n for n in names]
