"""Take a channel that cannot be built out of the settings, so that the rest can be checked.

What such a channel lacks is not in the file, so there is no key that could be taken out instead.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from legwatch.errors import LegwatchError, SettingsError
from legwatch_runtime.plugins import is_installed
from legwatch_server.notify.channels import CannotStart
from legwatch_server.settings import CHANNELS

STAYS = "console"  # can always be built


def less_its_channel(table: dict[str, Any], error: LegwatchError) -> bool:
    """Let a person who lacks an address do without the channel; False: it is no such error."""
    way = error.path.split(".") if isinstance(error, SettingsError) else []
    if way[:1] != ["people"] or way[2:3] != ["address"] or len(way) != 4:
        return False
    _, name, _, channel = way
    person = _inner(table, "people").get(name)
    if not isinstance(person, dict) or not _leaves(channel, [person], _shared(table)):
        return False
    address = person.get("address")
    if isinstance(address, dict):
        address.pop(channel, None)
    return True


def less_a_channel(table: dict[str, Any], error: LegwatchError) -> str:
    """Let everybody do without a channel that cannot start or lacks a key, and return its name.

    Empty: it is no such error.
    """
    channel = error.channel if isinstance(error, CannotStart) else _lacking(table, error)
    if not channel:
        return ""
    shared = _shared(table)
    everybody = [p for p in _inner(table, "people").values() if isinstance(p, dict)]
    left = _leaves(channel, everybody, shared)
    if channel in shared:
        table["push"]["channels"] = _others(shared, channel) or [STAYS]
        left = True
    return channel if left else ""


def _lacking(table: Mapping[str, Any], error: LegwatchError) -> str:
    """Return the channel whose table lacks what an error names: a key, or a secret."""
    way = error.path.split(".") if isinstance(error, SettingsError) else []
    if way[:1] != ["push"] or len(way) not in (2, 3) or not is_installed(CHANNELS, way[1]):
        return ""
    own = _inner(table, "push").get(way[1], {})
    return way[1] if isinstance(own, dict) and not own.keys() & set(way[2:]) else ""


def _leaves(channel: str, people: Iterable[dict[str, Any]], shared: list[Any]) -> bool:
    """Take a channel out of the lists of people; False: none of them has it."""
    return any([_is_left(channel, person, shared) for person in people])  # noqa: C419 - of each one


def _is_left(channel: str, person: dict[str, Any], shared: list[Any]) -> bool:
    found = dict(_listed(person, shared))
    for key, names in found.items():
        if channel in names:
            person[key] = _others(names, channel)
    if "quiet" in person and not person["quiet"]:
        del person["quiet"]
    if "channels" in person and not person["channels"]:
        person["channels"] = [STAYS]
    return any(channel in names for names in found.values())


def _listed(person: Mapping[str, Any], shared: list[Any]) -> Iterator[tuple[str, list[Any]]]:
    """Yield each list of channels by which a person is reached, by its key."""
    for key, usual in (("channels", shared), ("quiet", [])):
        names = person.get(key) or usual
        if isinstance(names, list):
            yield key, names


def _others(names: list[Any], channel: str) -> list[Any]:
    return [name for name in names if name != channel]


def _shared(table: Mapping[str, Any]) -> list[Any]:
    """Return the channels of those who have none of their own, if the settings name them."""
    names = _inner(table, "push").get("channels")
    return names if isinstance(names, list) else []


def _inner(table: Mapping[str, Any], key: str) -> dict[str, Any]:
    found = table.get(key)
    return found if isinstance(found, dict) else {}
