"""Limits that owners could set once and cannot any more: they are left out, and it is said why."""

from collections.abc import Iterator, Mapping
from typing import Any

from legwatch.errors import SettingsError
from legwatch_runtime.profiles import fixed


def owners(rules: Mapping[str, Any]) -> dict[str, Any]:
    """Return the limits that are left to an owner, by dotted path.

    Inner tables are flattened: `"alerts.wait_s" = 300` and `alerts.wait_s = 300` mean the same.
    """
    return {path: value for path, value in _flat(rules).items() if path not in fixed()}


def concerns(rules: Mapping[str, Any], where: str) -> Iterator[str]:
    """Yield what became of each limit that is left out; `where` is the path of the table."""
    for path in _flat(rules):
        if path in fixed():
            yield (
                f"{where}.{path}: it is left out, since owners cannot set it any more: "
                f"{fixed()[path]}. Delete the line"
            )


def is_left_out(key: str) -> bool:
    """Return True for the settings key of a limit that owners cannot set."""
    return _limit(key) in fixed()


def check_key(key: str) -> None:
    """Raise SettingsError for such a key."""
    if is_left_out(key):
        raise SettingsError(key, f"owners cannot set this limit: {fixed()[_limit(key)]}")


def _limit(key: str) -> str:
    return key.rpartition("rules.")[2].replace('"', "")


def _flat(rules: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in rules.items():
        if isinstance(value, dict):
            flat |= {f"{key}.{inner}": limit for inner, limit in value.items()}
        else:
            flat[key] = value
    return flat
