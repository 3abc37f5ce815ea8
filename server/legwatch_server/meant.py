"""Which server a command is about: also if a person names the file that `legwatch up` was given.

`legwatch up` makes the server's settings from the owner's file, with folders of its own. The file
that a person knows is the owner's, and of that alone a command would look into a wrong store.
"""

import sys
from contextlib import suppress
from functools import partial
from pathlib import Path

from legwatch.errors import LegwatchError, SettingsError
from legwatch_runtime import locations
from legwatch_runtime.files import read_toml
from legwatch_runtime.rights import is_there
from legwatch_server.kinds import check_servers
from legwatch_server.settings_file import is_of_up, owners_file
from legwatch_server.store.reader import FILE, open_read_only


def meant(given: Path | None) -> Path:
    """Return the settings file of the server that is meant; raises CannotRun if there is none.

    Raises SettingsError for an agent's file.
    """
    file = locations.settings_file(given, partial(print, file=sys.stderr))
    if given is not None:
        check_servers(file)
    return server_by(file)


def server_by(file: Path) -> Path:
    """Return the settings file of the server that runs by a file: the same, or what `up` made."""
    return next((made for made in locations.all_made_by_up() if _is_made_from(made, file)), file)


def _is_made_from(made: Path, file: Path) -> bool:
    """Return True if `legwatch up` runs by a file, or has, and no server by the file itself."""
    try:
        if not is_there(made) or not is_of_up(made) or owners_file(made) != file.absolute():
            return False
        own = _folder(file)
        return own == _folder(made) or locations.runs(made) or not _has_run_by(file, own)
    except LegwatchError:
        return False  # one of them cannot be read, perhaps it is somebody else's


def _has_run_by(file: Path, folder: Path) -> bool:
    """Return True if the server that has its store in this folder has last run by the file itself.

    The usual folder has the store of whatever server runs on this machine.
    """
    if not is_there(folder / FILE):
        return False
    with open_read_only(folder) as reader:
        loaded = reader.loaded()
    return loaded is None or loaded.file == str(file.absolute())


def _folder(file: Path) -> Path:
    """Return where a server by this file has its store; of a file that cannot be read, as usual."""
    with suppress(SettingsError):
        return Path(str(read_toml(file).get("state_dir", locations.SERVERS_STATE)))
    return locations.SERVERS_STATE
