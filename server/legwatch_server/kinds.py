"""Whose file is it? An agent's settings file and the server's have keys of their own."""

import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

from legwatch.errors import LegwatchError, SettingsError
from legwatch_runtime import plugins
from legwatch_runtime.files import read_text, read_toml

OPTIONS = {"server": "--config", "agent": "--agent-config"}
CONFIGS = "legwatch.configs"  # the entry points of the kinds of settings files
_HAS_BED = re.compile(r"^\s*[\"']?bed\b", re.MULTILINE)


def shape_of(kind: str) -> Any:
    """Return the class of a kind's settings; raises CannotLoad if it is not installed."""
    return plugins.load(CONFIGS, kind, OPTIONS[kind], "settings")


def strange(kind: str, other: str, found: Collection[str]) -> list[str]:
    """Return the keys that only the other kind has, if no key is one that only `kind` has."""
    own, others = _keys(kind), _keys(other)
    return [] if (own - others) & set(found) else sorted((others - own) & set(found))


def check_servers(path: Path) -> None:
    """Raise SettingsError if the file that was named as the server's is an agent's.

    A file without a line for the bed is not parsed: that of many beds takes time to read. What else
    is wrong with a file is said where its keys are read.
    """
    keys: list[str] = []
    with suppress(OSError, UnicodeDecodeError, LegwatchError):
        if _HAS_BED.search(read_text(str(path))):
            table: Mapping[str, Any] = read_toml(path)
            keys = strange("server", "agent", table)
    if keys:
        raise SettingsError(
            "--config",
            f"{path} is an agent's file (it has {', '.join(keys)}): name the server's file here, or"
            " leave --config out",
        )


@cache
def _keys(kind: str) -> frozenset[str]:
    return frozenset(field.name for field in fields(shape_of(kind)))
