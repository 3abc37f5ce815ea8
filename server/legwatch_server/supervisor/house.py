"""The broker's door to the house: beds elsewhere come in by TLS, each with a user of its own.

Who may come in stands in a file that `legwatch beds add` and `end` write. The supervisor looks at
it, writes what the broker reads, and lets the broker read it again: a bed that was ended is cut off
at once, and no other bed notices.
"""

import os
import socket
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from legwatch.errors import CannotRun
from legwatch_server.pairing import FOLDER, users
from legwatch_server.pairing.users import Role, User
from legwatch_server.supervisor import mosquitto

OPEN = "open"  # the port, in the house's folder: the broker of this server lets beds in


@dataclass(slots=True)
class House:
    """What the broker of `legwatch up` shows to the house.

    `folder`: of users and certificates. `own`: the broker's lines of the users of this machine.
    """

    folder: Path
    broker: Path
    own: Sequence[str]
    _seen: tuple[int, int, int] | None = field(default=None)

    def changed(self) -> bool:
        """Return True if somebody has changed the users since `write`."""
        return _version(self.folder / users.FILE) != self._seen

    def write(self) -> str:
        """Write who may come in, for the broker; return what is wrong, else an empty text."""
        seen = _version(self.folder / users.FILE)
        try:
            found = users.read(self.folder)
        except CannotRun as error:
            self._seen = seen  # said once; the broker keeps whom it knows
            return str(error)
        lines = (*self.own, *(f"{one.name}:{one.secret_hash}" for one in found.values()))
        _replace(self.broker / "passwords", "".join(f"{line}\n" for line in lines))
        _replace(self.broker / "acl", mosquitto.acl(programs(found)))
        self._seen = seen
        return ""


def programs(found: Mapping[str, User]) -> list[str]:
    """Return the users that are programs."""
    return [one.name for one in found.values() if one.role is Role.PROGRAM]


def folder_in(state: Path) -> Path:
    """Return the folder of the house in the server's state_dir; make it."""
    place = state / FOLDER
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place


def lines(folder: Path, address: str, port: int) -> Iterable[str]:
    """Yield the lines of the broker's configuration for beds elsewhere.

    Raises CannotRun or OSError: with lines that it cannot use the broker would not start at all.
    """
    _check_free(address, port)
    from legwatch_server.pairing import authority  # noqa: PLC0415 - only a house needs it

    authority.ensure(folder)
    yield f"listener {port} {address}".rstrip()
    yield f"certfile {folder / authority.CERTIFICATE}"
    yield f"keyfile {folder / authority.KEY}"
    yield "tls_version tlsv1.2"  # or newer
    yield "max_connections 1000"
    yield mosquitto.BOUND


def _check_free(address: str, port: int) -> None:
    """Raise CannotRun if another program has the port, or this machine has no such address."""
    try:
        socket.create_server((address, port)).close()
    except OSError as error:
        where = f"{address}:{port}" if address else f"port {port}"
        raise CannotRun(f"{where} cannot be used: {error.strerror}") from None


def note_open(folder: Path, port: int) -> None:
    """Note for `legwatch beds add` that the broker is open at this port; 0: it is not.

    A disk that takes nothing has the note of the last start, which is mostly the same.
    """
    with suppress(OSError):
        if port:
            _replace(folder / OPEN, f"{port}\n")
        else:
            (folder / OPEN).unlink(missing_ok=True)


def open_at(folder: Path) -> int:
    """Return the port at which the house's beds come in; 0: nowhere."""
    try:
        return int((folder / OPEN).read_text())
    except (OSError, ValueError):
        return 0


def _version(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size


def _replace(file: Path, text: str) -> None:
    fresh = file.with_name(f"{file.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write(text)
    fresh.replace(file)
