"""Rules as a table of plain values, and back."""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import tzinfo
from typing import Any

from legwatch.limits.rules import Rules


def as_table(rules: Rules) -> dict[str, Any]:
    """Return all limits by group and key, and the name of the zone."""
    groups = [field.name for field in fields(Rules) if field.name != "zone"]
    return {**{name: getattr(rules, name)._asdict() for name in groups}, "zone": str(rules.zone)}


def from_table(table: Mapping[str, Any], base: Rules, zone: tzinfo) -> Rules:
    """Return the rules of a table; what an older version did not have yet is as in `base`.

    Raises ValueError for a value of another kind.
    """
    groups: dict[str, Any] = {}
    for field in fields(Rules):
        if field.name == "zone":
            continue
        group, values = getattr(base, field.name), table.get(field.name, {})
        if not isinstance(values, Mapping):
            raise ValueError(f"{field.name}: a table of limits is expected")  # noqa: TRY004 - a wrong file, no wrong call
        groups[field.name] = group._replace(**_known(group, field.name, values))
    return replace(base, **groups, zone=zone)


def _known(group: Any, name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of the limits that there are."""
    found = {}
    for key, usual in group._asdict().items():
        value = values.get(key)
        if value is None:
            continue
        kind = type(usual)
        if type(value) is not kind and (kind is not float or type(value) is not int):
            raise ValueError(f"{name}.{key}: {kind.__name__} expected")
        found[key] = kind(value)
    return found
