"""What of an agent's file is not in force: `legwatch up` reads it at its start, and never again."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from legwatch.errors import LegwatchError, SettingsError
from legwatch_runtime import locations
from legwatch_runtime.files import read_toml
from legwatch_runtime.rights import is_there
from legwatch_runtime.state_dir import is_held
from legwatch_server.in_force import InForce, in_force
from legwatch_server.settings_file import AGENTS, changed_keys, is_of_up, owners_file

LOCK = "lock"  # in the folder of `legwatch up`, which holds it
_OF_UP = ("state_dir", "mqtt")  # `legwatch up` sets them itself


def say(found: InForce) -> None:
    """Print beside what a command shows that the edited file of this server's agent waits."""
    for sentence in _beside(found.file):
        print(sentence, file=sys.stderr)


def waits_for_a_start(path: Path, table: Mapping[str, Any]) -> Iterator[str]:
    """Yield which keys of an agent's file a running `legwatch up` does not have yet."""
    for server in locations.made_by_up():
        with suppress(LegwatchError):  # of somebody else, or half written: nothing is known
            if _runs_by(server) == path.absolute():
                yield from _changed(server, table)


def _beside(server: Path) -> Iterator[str]:
    """Yield what the agent that runs beside a server does not have yet of its file."""
    with suppress(LegwatchError):
        path = _runs_by(server)
        if path is None or not is_there(path):
            return
        try:
            table = read_toml(path)
        except SettingsError as error:
            yield f"The agent's settings on the disk cannot be used: {error}"
            return
        for changed in _changed(server, table):
            yield f"{path}: {changed}"


def _runs_by(server: Path) -> Path | None:
    """Return the agent's file by which `legwatch up` runs now; `server`: what it has made."""
    made = server.with_name(AGENTS)
    ours = is_there(made) and is_of_up(made) and is_held(made.with_name(LOCK))
    return owners_file(made) if ours else None


def _changed(server: Path, table: Mapping[str, Any]) -> Iterator[str]:
    keys = ", ".join(changed_keys(_own(read_toml(server.with_name(AGENTS))), _own(table)))
    if keys:
        loaded = in_force(server).loaded
        how = f". To put it in force: {loaded.restart}" if loaded else ""
        yield f"changed since `legwatch up` has read it, not yet in force: {keys}{how}"


def _own(table: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in table.items() if key not in _OF_UP}
