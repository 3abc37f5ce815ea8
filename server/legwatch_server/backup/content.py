"""What belongs to a server, and where it lies: its settings, its database, and its keys."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from legwatch_runtime.rights import is_there
from legwatch_runtime.secrets_beside import ENVIRONMENT, FILES
from legwatch_server import settings_file
from legwatch_server.pairing import FOLDER, users
from legwatch_server.store.reader import FILE

SETTINGS, STATE, KEYS = "settings", "state", "keys"  # the folders in a backup
SERVER, AGENT, CHANGES = f"{SETTINGS}/server.toml", f"{SETTINGS}/agent.toml", settings_file.NAME
DATABASE = FILE
STORE = f"{STATE}/{DATABASE}"
STATE_KEYS = ("answer.key", "vapid.pem")  # of the links in pushes, and of browsers' pushes
# The users of paired beds, and what they know their server by: without these each bed pairs anew.
HOUSE = (users.FILE, "ca.pem", "broker.pem", "broker.key")
SEALED_BY = "LEGWATCH_BACKUP_PASSPHRASE"  # or the file that this with _FILE names
BESIDE = (ENVIRONMENT, *FILES.values())  # secrets that lie beside the settings
_OF_BESIDE, _OF_HOUSE = f"{KEYS}/beside", f"{KEYS}/{FOLDER}"
NAMES = frozenset(
    {
        *(SERVER, AGENT, STORE, f"{STATE}/{CHANGES}"),
        *(f"{KEYS}/{name}" for name in STATE_KEYS),
        *(f"{_OF_BESIDE}/{name}" for name in BESIDE),
        *(f"{_OF_HOUSE}/{name}" for name in HOUSE),
    }
)


class Found(NamedTuple):
    """A file with its name in a backup."""

    name: str
    path: Path


def small_files(
    server: Path | None, agent: Path | None, state: Path, *, keys: bool
) -> Iterator[Found]:
    """Yield what is there beside the database; `server` and `agent` are the owner's files."""
    wanted = [(SERVER, server), (AGENT, agent), (f"{STATE}/{CHANGES}", state / CHANGES)]
    if keys:
        wanted += [(f"{KEYS}/{name}", state / name) for name in STATE_KEYS]
        wanted += [(f"{_OF_HOUSE}/{name}", state / FOLDER / name) for name in HOUSE]
        folders = dict.fromkeys(file.parent for file in (server, agent) if file is not None)
        for folder in folders:
            wanted += [(f"{_OF_BESIDE}/{name}", folder / name) for name in BESIDE]
    taken = set[str]()
    for name, path in wanted:
        if path is not None and name not in taken and is_there(path):
            taken.add(name)
            yield Found(name, path)


def place(name: str, settings: Path, state: Path) -> Path:
    """Return where a file of a backup belongs."""
    if name.startswith((f"{SETTINGS}/", f"{_OF_BESIDE}/")):
        return settings / name.rpartition("/")[2]
    if name.startswith(f"{_OF_HOUSE}/"):
        return state / FOLDER / name.rpartition("/")[2]
    return state / name.rpartition("/")[2]
