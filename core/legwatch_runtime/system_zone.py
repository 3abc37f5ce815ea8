"""Find the time zone of this machine, by its name.

TZ goes first, as for every program; then the link /etc/localtime; then /etc/timezone, which older
Debian keeps beside a copy. Where the name cannot be found this says why: nobody guesses a zone.
"""

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from legwatch.errors import SettingsError
from legwatch_runtime.clock import utc_ms
from legwatch_runtime.zones import same_hours, zone_named

ETC = Path("/etc")
NO_PLACE = ("localtime", "posixrules", "Factory")  # files of the zone database without a zone
MOST_LINKS = 40  # as in the kernel


class SystemZone(NamedTuple):
    """The machine's zone, and what says so; or why it cannot be found."""

    name: str = ""  # such as Europe/Berlin; empty: it cannot be found
    source: str = ""  # TZ, /etc/localtime or /etc/timezone
    problem: str = ""


@cache
def machine_zone() -> SystemZone:
    """Return the zone that this machine had when it was first asked for."""
    return find(os.environ, ETC)


def find(environ: Mapping[str, str], etc: Path) -> SystemZone:
    """Return the zone by the environment and the files in `etc`."""
    asked = environ.get("TZ")
    if asked is None:
        return _by_files(etc)
    value = asked.removeprefix(":")
    if value == str(etc / "localtime"):  # some set this to spare the C library a look
        return _by_files(etc)
    name = _below_zoneinfo(Path(value)) if value.startswith("/") else value or "UTC"
    if _is_zone(name):
        return SystemZone(name, "TZ")
    return SystemZone(problem=f"TZ is {asked!r}, which names no zone such as Europe/Berlin")


def _by_files(etc: Path) -> SystemZone:
    link, text = etc / "localtime", etc / "timezone"
    linked, written = _linked(link), _written(text)
    if _is_zone(linked):
        return SystemZone(linked, str(link))
    if linked:
        return SystemZone(problem=f"{link} leads to {linked!r}, which is no zone")
    if not _is_zone(written):
        return SystemZone(problem=f"TZ is not set, and neither {link} nor {text} names a zone")
    if not _agrees(link, written):
        return SystemZone(problem=f"{text} says {written}, but {link} has other hours")
    return SystemZone(written, str(text))


def _linked(path: Path) -> str:
    """Return the name to which a link leads: the first on the way, which is the owner's word."""
    for _ in range(MOST_LINKS):
        try:
            path = path.parent / path.readlink()
        except OSError:  # it is no link, or not there
            return ""
        name = _below_zoneinfo(path)
        if name:
            return name
    return ""


def _below_zoneinfo(path: Path) -> str:
    parts = path.parts
    if "zoneinfo" not in parts:
        return ""
    inner = parts[len(parts) - parts[::-1].index("zoneinfo") :]
    if inner[:1] in {("posix",), ("right",)}:  # the same zones once more
        inner = inner[1:]
    return "/".join(inner)


def _written(text: Path) -> str:
    try:
        lines = text.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((bare for line in lines if (bare := line.partition("#")[0].strip())), "")


def _agrees(copy: Path, name: str) -> bool:
    """Return False if there is a zone file without a name that has other hours than `name`."""
    try:
        with copy.open("rb") as file:
            zone = ZoneInfo.from_file(file)
    except FileNotFoundError:
        return True
    except (OSError, ValueError):
        return False
    return same_hours(zone, zone_named(name, "zone"), utc_ms())


def _is_zone(name: str) -> bool:
    if not name or name in NO_PLACE:
        return False
    try:
        zone_named(name, "zone")
    except SettingsError:
        return False
    return True
