"""The entry points of legwatch itself, read from its own list.

To look through the entry points of every installed package, and to import what reads them, takes
longer than most commands. It is not needed for what legwatch ships, since no other package can
take that away (`legwatch.entry`); nor to list all names, if no other package adds one.
"""

import os
import re
import sys
from functools import cache
from importlib import import_module
from importlib.machinery import PathFinder
from typing import Any

from legwatch.entry import PACKAGES

_LIST = "entry_points.txt"
_OURS = re.compile(r"legwatch-\d[^-]*\.(dist-info|egg-info)")


def target(group: str, name: str) -> str | None:
    """Return `module:name` of a shipped entry point; None: it is none, or the list is not found."""
    found = _targets().get((group, name), "")
    return found if found.partition(":")[0].partition(".")[0] in PACKAGES else None


def names(group: str) -> list[str] | None:
    """Return the names of a group if only legwatch has entry points of its own; None: look."""
    if not _targets() or any(map(_may_add, sys.path)) or any(map(_finds_packages, sys.meta_path)):
        return None
    return [name for of, name in _targets() if of == group]


def load(target: str) -> Any:
    """Import what a shipped entry point names."""
    module, _, name = target.partition(":")
    return getattr(import_module(module), name)


@cache
def _targets() -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    group = ""
    for line in _text().splitlines():
        words = line.strip()
        name, equals, value = (part.strip() for part in words.partition("="))
        if words.startswith("["):
            group = words.strip("[]")
        elif equals:
            found[group, name] = value
    return found


def _text() -> str:
    """Return the list of the first legwatch on the path, which is the one that is imported."""
    for folder in sys.path:
        try:
            ours = [
                found.path for found in os.scandir(folder or ".") if _OURS.fullmatch(found.name)
            ]
        except OSError:
            continue  # no folder, or nobody may look into it
        if ours:
            return _read(*ours)
    return ""


def _read(info: str, *others: str) -> str:
    """Return a list; nothing if it cannot be read, or if there are remains of other versions."""
    if others:
        return ""
    try:
        with open(f"{info}/{_LIST}", encoding="utf-8") as file:  # noqa: PTH123 - pathlib would take longer than all of this
            return file.read()
    except (OSError, UnicodeError):
        return ""


def _may_add(folder: str) -> bool:
    """Return True if a package in a folder of the path adds a name, or if that is not known."""
    if folder.endswith(".egg") or os.path.isfile(folder):  # noqa: PTH113 - as above
        return True
    try:
        infos = [found.path for found in os.scandir(folder or ".") if _is_anothers(found.name)]
    except OSError:
        return False
    return any(map(_adds, infos))


def _is_anothers(name: str) -> bool:
    return name.lower().endswith((".dist-info", ".egg-info")) and not _OURS.fullmatch(name)


def _adds(info: str) -> bool:
    try:
        with open(f"{info}/{_LIST}", "rb") as file:  # noqa: PTH123 - as above
            return b"[legwatch." in file.read()
    except OSError:
        return False


def _finds_packages(finder: object) -> bool:
    """Return True for a finder that knows of packages which are not in a folder of the path."""
    return finder is not PathFinder and hasattr(finder, "find_distributions")
