"""The time zone of the beds: this machine's, if the settings name none, and what is said of it.

By the zone the server knows the hours of the night, the evening of the test pushes and the nights
of the roster. A zone that is written at the first start stays, whatever becomes of the machine's.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from legwatch.errors import LegwatchError
from legwatch.night import local
from legwatch_runtime.clock import utc_ms
from legwatch_runtime.files import read_toml
from legwatch_runtime.system_zone import machine_zone
from legwatch_runtime.zones import same_hours, zone_named
from legwatch_server.settings import ServerSettings
from legwatch_server.settings_file import changes_file, changes_in, in_force, write_zone

EVERY_HOUR = 24
TO_SET_UP = (
    "set the zone of this machine (sudo timedatectl set-timezone Europe/Berlin), "
    "or `zone` in a server.toml for --config"
)


class Word(NamedTuple):
    """A sentence on the zone; `wrong`: somebody should do something about it."""

    text: str
    wrong: bool = False


class Settled(NamedTuple):
    """What came of the first start: the file in which the zone was written, or why it was not."""

    file: Path | None = None
    problem: str = ""


def settle(path: Path) -> Settled:
    """Write this machine's zone into the settings of a server that have none."""
    owners = read_toml(path)
    return settled(owners, path, changes_file(path, owners))


def settled(owners: dict[str, Any], path: Path | None, changes: Path) -> Settled:
    """Do the same for a table of the owner, of the file `path` if there is one.

    A zone of no place, UTC, is not written: a new machine has it before somebody sets its own.
    Raises SettingsError for changes that cannot be read.
    """
    zone = machine_zone().name
    if "zone" in in_force(owners, changes_in(changes)):
        return Settled()
    if not zone or _is_utc(zone):
        return Settled()
    try:
        return Settled(write_zone(zone, path, changes))
    except LegwatchError as error:
        return Settled(problem=str(error))


def word(settings: ServerSettings, file: Path | None, first: Settled = Settled()) -> Word:  # noqa: B008 - a value that cannot change
    """Return the sentence with which a server begins; `file`: where the owner sets the zone."""
    zone, machine = settings.zone_of("").key, machine_zone()
    to_set = f'set zone = "Europe/Berlin", or yours, in {file}' if file else TO_SET_UP
    for problem in concerns(settings):
        return Word(f"{problem}: {to_set}", wrong=True)
    hours = f"{_hours(settings)} in {zone}, where it is {_clock(zone)} now"
    if first.file is not None:
        return Word(
            f"{hours}: the zone of this machine ({machine.source}), written into {first.file}; "
            "if the beds are elsewhere, change it there"
        )
    if not settings.zone:
        why = f" ({first.problem})" if first.problem else ""
        return Word(
            f"{hours}: the zone of this machine ({machine.source}), which is written nowhere{why}; "
            f'so that it stays, set zone = "{zone}" in {file or "server.toml"}'
        )
    elsewhere = not _is_utc(machine.name or "UTC") and not _same(machine.name, zone)
    if elsewhere:
        return Word(
            f"{hours}, but this machine's zone is {machine.name} ({machine.source}): "
            f'if the beds are there, set zone = "{machine.name}"',
            wrong=True,
        )
    return Word(hours)


def concerns(settings: ServerSettings) -> Iterator[str]:
    """Yield what is wrong as long as nobody has said where the beds are."""
    if settings.zone:
        return
    machine = machine_zone()
    if not machine.name:
        yield f"the time zone is not known ({machine.problem}), so every hour counts as night"
    elif _is_utc(machine.name):
        yield (
            f"no zone is set and this machine is in {machine.name} ({machine.source}), "
            f"so {_hours(settings)} of that zone, wherever the beds are"
        )


def report(settings: ServerSettings) -> dict[str, Any]:
    """Return what `/health` shows: the zone of the beds, if it is set, and the machine's."""
    zone = settings.zone_of("").key
    return {"name": zone, "set": bool(settings.zone), "machine": machine_zone().name or None}


def _hours(settings: ServerSettings) -> str:
    night = settings.rules_of("").night
    if night.to_h - night.from_h == EVERY_HOUR:
        return "night is every hour"
    return f"night is {night.from_h} to {night.to_h} h"


def _clock(zone: str) -> str:
    return f"{local(utc_ms(), zone_named(zone, 'zone')):%H:%M}"


def _is_utc(zone: str) -> bool:
    return zone == "UTC" or (zone.startswith("Etc/") and _same(zone, "UTC"))


def _same(one: str, other: str) -> bool:
    return same_hours(zone_named(one, "zone"), zone_named(other, "zone"), utc_ms())
