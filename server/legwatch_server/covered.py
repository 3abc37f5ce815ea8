"""Keys of the owner's file that are not used, because a change by a program goes before them.

Who edits such a key would wait for an effect that never comes.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from legwatch.options import toml
from legwatch_server.hidden import hidden
from legwatch_server.settings_file import FIRST


class Covered(NamedTuple):
    """A key with both values, as TOML has them; one that may be a secret is not shown."""

    key: str
    own: str  # of the owner
    change: str  # what counts

    def said(self, changes: Path, when: str = "") -> str:
        """Return what a person reads beside the owner's file; `when` tells more of the changes."""
        back = f"`legwatch settings reset {self.key}` takes that back"
        return f"{self.key} is not used: {changes}{when} says {self.change}; {back}"


def covered(owners: Mapping[str, Any], changes: Mapping[str, Any]) -> Iterator[Covered]:
    """Yield each key of the owner that has another value in the changes."""
    own, shown = dict(flat(owners)), dict(flat(hidden(owners, "")))
    now = {key: value for key, value in changes.items() if key != FIRST}
    shown_now = dict(flat(hidden(now, "")))
    for key, value in flat(now):
        if key in own and own[key] != value:
            yield Covered(key, _text(own[key], shown[key]), _text(value, shown_now[key]))


def flat(table: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each value of a table with its dotted path."""
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


def _text(value: object, shown: object) -> str:
    return toml(value) if value == shown else "another value"
