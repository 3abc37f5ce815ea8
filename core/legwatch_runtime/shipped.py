"""The entry points of legwatch itself, read from its own list.

To look through the entry points of every installed package, and to import what reads them, takes
longer than most commands. It is not needed for what legwatch ships, since no other package can
take that away (`legwatch.entry`).
"""

import os
import re
import sys
from functools import cache
from importlib import import_module
from typing import Any

from legwatch.entry import PACKAGES

_LIST = "entry_points.txt"
_OURS = re.compile(r"legwatch-\d[^-]*\.(dist-info|egg-info)")


def target(group: str, name: str) -> str | None:
    """Return `module:name` of a shipped entry point; None: it is none, or the list is not found."""
    return _targets().get((group, name))


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
        elif equals and value.partition(":")[0].partition(".")[0] in PACKAGES:
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
