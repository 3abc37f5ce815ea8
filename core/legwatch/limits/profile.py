"""Read profiles, merge them, and apply the limits that an owner has set."""

import tomllib
import typing
from collections.abc import Callable, Iterable, Mapping
from datetime import tzinfo
from typing import Any

from legwatch.errors import SettingsError
from legwatch.limits.rules import Limit, Rules
from legwatch.printable import quoted

HIGHEST = 2**63  # no limit is near it, and a larger number may be none that Python can turn


def parse_profile(text: str, name: str) -> dict[str, Any]:
    """Return the tables of a profile and its keys `about` and `base`; raises SettingsError."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(name, f"not TOML: {error}") from None


def merge(profiles: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Limit]]:
    """Merge profiles: a later one overrides earlier ones, and may give only the new `value`."""
    merged: dict[str, dict[str, Limit]] = {}
    for profile in profiles:
        for group, limits in profile.items():
            if not isinstance(limits, Mapping):
                continue  # a key of the profile itself, such as `base` or `about`
            for key, limit in limits.items():
                below = merged.setdefault(group, {}).get(key, {})
                merged[group][key] = {**below, **limit}
    return merged


def build(
    tables: Mapping[str, Mapping[str, Limit]],
    own: Mapping[str, Any] | None = None,
    *,
    zone: tzinfo,
    key_of: Callable[[str], str] = str,
) -> Rules:
    """Make the rules from merged profiles and the owner's `{"stillness.warn_s": 3600}`.

    `key_of` names the key by which the owner sets a limit, such as `rules.stillness.warn_s`. Raises
    SettingsError with this key and the range for an unknown key, a wrong type or a value outside
    its range.
    """
    own = own or {}
    for path in own:
        group, _, key = path.partition(".")
        if key not in tables.get(group, {}):
            table = key_of(path).removesuffix(path)
            raise SettingsError(key_of(path), f"no such limit{_meant(path, tables, table)}")
    groups: dict[str, Any] = {}
    for group, shape in typing.get_type_hints(Rules).items():
        if group == "zone":
            continue
        values = {}
        for key, kind in shape.__annotations__.items():
            path = f"{group}.{key}"
            limit = tables.get(group, {}).get(key)
            if limit is None:
                raise SettingsError(path, "the profile does not give this limit")
            values[key] = _checked(key_of(path), kind, limit, own.get(path, limit["value"]))
        groups[group] = shape(**values)
    for group, limits in tables.items():
        for key in limits:
            if key not in getattr(groups.get(group), "_fields", ()):
                raise SettingsError(f"{group}.{key}", "no such limit")
    return Rules(**groups, zone=zone)


def _meant(path: str, tables: Mapping[str, Mapping[str, Limit]], table: str) -> str:
    """Return the limits of the same key in other groups, or of the most similar name.

    `table` stands before each of them, with a dot.
    """
    known = [f"{group}.{key}" for group, limits in tables.items() for key in limits]
    same = [name for name in known if name.rpartition(".")[2] == path.rpartition(".")[2]]
    import difflib  # noqa: PLC0415 - slow to import, and only a wrong name needs it

    near = same or difflib.get_close_matches(path, known, n=1)
    return f"; perhaps {' or '.join(f'{table}{name}' for name in near)}" if near else ""


def parse_override(text: str) -> tuple[str, int | float]:
    """Read `stillness.warn_s=3600` as (path, number); raises SettingsError."""
    path, equals, value = text.partition("=")
    if not equals:
        raise SettingsError(path, "written as KEY=NUMBER, e.g. stillness.warn_s=3600")
    try:
        return path.strip(), int(value)
    except ValueError:
        pass
    try:
        return path.strip(), float(value)
    except ValueError:
        raise SettingsError(path.strip(), f"{value!r} is not a number") from None


def _checked(path: str, kind: Any, limit: Limit, value: Any) -> Any:
    low, high = limit["range"]
    wanted = f"allowed {low:g} to {high:g}{', or 0: never' if limit.get('off') and low > 0 else ''}"
    if kind is float and type(value) is int and abs(value) <= HIGHEST:
        value = float(value)
    if type(value) is not kind:
        word = "a whole number" if kind is int else "a number"
        raise SettingsError(path, f"{word} is expected, not {quoted(value)}; {wanted}")
    if not (low <= value <= high or (value == 0 and limit.get("off"))):
        raise SettingsError(path, f"{quoted(value)} is not allowed; {wanted}")
    return value
