"""What of an agent's file is not in force: `legwatch up` reads it at its start, and never again."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from legwatch.errors import LegwatchError
from legwatch_runtime import locations
from legwatch_runtime.files import read_toml
from legwatch_runtime.rights import is_there
from legwatch_runtime.state_dir import is_held
from legwatch_server.in_force import in_force
from legwatch_server.settings_file import changed_keys, is_of_up, owners_file

LOCK = "lock"  # in the folder of `legwatch up`, which holds it
_OF_UP = ("state_dir", "mqtt")  # `legwatch up` sets them itself


def waits_for_a_start(path: Path, table: Mapping[str, Any]) -> Iterator[str]:
    """Yield which keys of an agent's file a running `legwatch up` does not have yet."""
    for server in locations.made_by_up():
        made = server.with_name("agent.toml")
        with suppress(LegwatchError):  # of somebody else, or half written: nothing is known
            if not _runs_by(made, path):
                continue
            keys = ", ".join(changed_keys(_own(read_toml(made)), _own(table)))
            if keys:
                loaded = in_force(server).loaded
                how = f". To put it in force: {loaded.restart}" if loaded else ""
                yield f"changed since `legwatch up` has read it, not yet in force: {keys}{how}"


def _runs_by(made: Path, path: Path) -> bool:
    ours = is_there(made) and is_of_up(made) and owners_file(made) == path.absolute()
    return ours and is_held(made.with_name(LOCK))


def _own(table: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in table.items() if key not in _OF_UP}
