"""Secrets beside the settings file, for commands that a person types.

systemd gives the secrets to the services, from these files; a shell has nothing of that.
"""

import os
import shlex
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from legwatch.errors import CannotRun, SettingsError
from legwatch_runtime.files import read_text
from legwatch_runtime.rights import as_user

# As in the units' lines `LoadCredential`.
FILES = {
    "LEGWATCH_MQTT_PASSWORD": "mqtt-password",
    "LEGWATCH_NTFY_TOKEN": "ntfy-token",
    "LEGWATCH_PUSHOVER_TOKEN": "pushover-token",
    "LEGWATCH_INFLUX_TOKEN": "influx-token",
}
ENVIRONMENT = "secrets.env"  # as in the unit's line `EnvironmentFile`: NAME=text
OURS = "LEGWATCH_"  # other names could set PATH or LD_PRELOAD of the programs that `up` starts


class Locked(CannotRun):
    """The file of a secret is there, and this user may not read it."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} cannot be read by this user: {_what_helps(path)}")


class Beside:
    """The folders in which a command looks for secrets, and what it may not read there."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._folders = tuple(dict.fromkeys(folders))
        self._locked: dict[Path, None] = {}  # in the order in which they were wanted

    def text(self, name: str) -> str:
        """Return what a file says of the secret `name`, else ""; raises Locked."""
        for folder in self._folders:
            found = self._read(folder / FILES[name]) if name in FILES else ""
            found = found or self.environment(folder).get(name, "")
            if found:
                return found
        return ""

    def environment(self, folder: Path) -> dict[str, str]:
        """Return the variables in the file `secrets.env` of a folder; raises Locked."""
        return _assigned(self._read(folder / ENVIRONMENT))

    def _read(self, path: Path) -> str:
        try:
            return read_text(str(path))
        except (FileNotFoundError, NotADirectoryError):
            return ""
        except PermissionError:
            self._locked[path] = None
            raise Locked(path) from None
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(str(path), f"cannot be read: {error}") from None

    def unchecked(self) -> Iterator[str]:
        """Yield a sentence for each file that was wanted and could not be read."""
        for path in self._locked:
            yield f"{path} is there and cannot be read by this user, so it was not checked"


_places: list[Beside] = []  # of the command that runs


@contextmanager
def beside(*settings: Path | None) -> Iterator[Beside]:
    """Let a command look for secrets beside these settings files, until it ends."""
    with at(Beside(file.parent for file in settings if file is not None)) as place:
        yield place


@contextmanager
def at(place: Beside) -> Iterator[Beside]:
    """Let a command look for secrets in a place, until it ends."""
    _places.append(place)
    try:
        yield place
    finally:
        _places.remove(place)


def place() -> Beside:
    """Return where the command that runs looks for secrets; nowhere if it is none."""
    return _places[-1] if _places else Beside(())


def text_beside(name: str) -> str:
    """Return what the file of a secret says, if the command looks for files; raises Locked."""
    return _places[-1].text(name) if _places else ""


def environment(settings: Path) -> dict[str, str]:
    """Return the variables in the file `secrets.env` beside a settings file; mostly none."""
    return Beside(()).environment(settings.parent)


def _assigned(text: str) -> dict[str, str]:
    """Read lines as systemd does: comments and empty lines say nothing, quotes are left out."""
    pairs = (line.strip().partition("=") for line in text.splitlines())
    named = ((name.strip(), value.strip()) for name, _, value in pairs)
    return {name: _unquoted(value) for name, value in named if name.startswith(OURS)}


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text


def _what_helps(path: Path) -> str:
    try:
        owner = path.stat().st_uid
    except OSError:
        return "run it with sudo"
    if owner == os.geteuid():
        return f"it is this user's own, so chmod u+r {shlex.quote(str(path))}"
    return f"run it with {as_user(owner)}"
