"""Read the profiles: in the installed package, or in `config/profiles` of the checkout."""

from collections.abc import Callable, Mapping
from datetime import tzinfo
from functools import cache
from pathlib import Path
from typing import Any

from legwatch.errors import SettingsError
from legwatch.limits.profile import build, merge, parse_profile
from legwatch.limits.rules import Rules
from legwatch.limits.written import from_table
from legwatch_runtime.zones import zone_named

BASE = "standard"  # where an older file or message has no limit that there is today


def names() -> list[str]:
    """Return the names of all profiles, sorted."""
    return sorted(path.stem for path in _folder().glob("*.toml"))


def rules_for(
    profile: str, own: Mapping[str, Any], zone: tzinfo, key_of: Callable[[str], str] = str
) -> Rules:
    """Return a profile's rules; the limits in `own` replace its limits. Raises SettingsError.

    `key_of`: as in `build`.
    """
    return build(merge(_chain(profile)), own, zone=zone, key_of=key_of)


def judged(table: Mapping[str, Any]) -> Rules:
    """Return the limits of a table, as `limits.written` writes it; raises ValueError."""
    name = str(table.get("zone", "UTC"))
    try:
        base = _base(name)
    except SettingsError as error:
        raise ValueError(str(error)) from None
    return from_table(table, base, base.zone)


def sources(profile: str) -> dict[str, str]:
    """Return the source text of each limit of a profile, by dotted path."""
    return {
        f"{group}.{key}": str(found.get("source", ""))
        for group, limits in merge(_chain(profile)).items()
        for key, found in limits.items()
    }


@cache
def fixed() -> dict[str, str]:
    """Return why each limit that no owner can set is fixed, by dotted path."""
    return {
        f"{group}.{key}": str(found["fixed"])
        for group, limits in merge(_chain("standard")).items()
        for key, found in limits.items()
        if "fixed" in found
    }


def lowest(profile: str) -> dict[str, float]:
    """Return the lower end of the range of each limit of a profile, by dotted path."""
    return {
        f"{group}.{key}": float(found["range"][0])
        for group, limits in merge(_chain(profile)).items()
        for key, found in limits.items()
    }


@cache
def _base(zone: str) -> Rules:
    return rules_for(BASE, {}, zone_named(zone, "zone"))


def _chain(profile: str) -> list[dict[str, Any]]:
    """Return the profile and its bases, the most general first."""
    chain: list[dict[str, Any]] = []
    name: str | None = profile
    while name is not None:
        path = _folder() / f"{name}.toml"
        if name not in names() or len(chain) > len(names()):
            raise SettingsError("profile", f"{name!r} is unknown; known: {', '.join(names())}")
        tables = parse_profile(path.read_text(encoding="utf-8"), path.name)
        chain.insert(0, tables)
        name = tables.get("base")
    return chain


def _folder() -> Path:
    packed = Path(__file__).with_name("profiles")
    return packed if packed.is_dir() else Path(__file__).resolve().parents[2] / "config/profiles"
