"""Secrets beside the settings file, for commands that a person types on a home server.

There systemd gives the secrets to the services, from these files; a shell has nothing of that.
"""

from collections.abc import Iterator
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


class Locked(CannotRun):
    """The file of a secret is there, and this user may not read it."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} cannot be read by this user: run it with {_reader(path)}")


class Beside:
    """The folder in which a command looks for secrets, and what it may not read there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._locked: dict[Path, None] = {}  # in the order in which they were wanted

    def text(self, name: str) -> str:
        """Return what the file of the secret `name` says, else ""; raises Locked."""
        if name not in FILES:
            return ""
        path = self._folder / FILES[name]
        try:
            return read_text(str(path))
        except FileNotFoundError:
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
def beside(settings: Path) -> Iterator[Beside]:
    """Let a command look for secrets beside the settings file, until it ends."""
    place = Beside(settings.parent)
    _places.append(place)
    try:
        yield place
    finally:
        _places.remove(place)


def text_beside(name: str) -> str:
    """Return what the file of a secret says, if the command looks for files; raises Locked."""
    return _places[-1].text(name) if _places else ""


def _reader(path: Path) -> str:
    try:
        return as_user(path.stat().st_uid)
    except OSError:
        return "sudo"
