"""One object for equal tables of the settings: of thousands of beds most are alike."""

from collections.abc import Mapping
from typing import Any


def alike(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return an equal table in which equal tables are one object; nobody may change it."""
    return _alike(table, {})


def _alike(table: Mapping[str, Any], known: dict[str, dict[str, Any]]) -> dict[str, Any]:
    found = {
        key: _alike(value, known) if isinstance(value, Mapping) else value
        for key, value in table.items()
    }
    return known.setdefault(repr(found), found)
