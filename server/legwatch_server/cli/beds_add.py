"""`legwatch beds add`: let in the bedside of a bed that stands elsewhere in the house."""

import asyncio
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from legwatch.contract.pairing import Given, write_code
from legwatch.contract.topics import check_bed
from legwatch.errors import CannotRun, SettingsError, WireError
from legwatch_runtime.files import read_toml
from legwatch_runtime.rights import whose
from legwatch_server import settings_file
from legwatch_server.cli.code_shown import shown
from legwatch_server.pairing import FOLDER, users
from legwatch_server.pairing.announced import announced
from legwatch_server.pairing.users import Role, User
from legwatch_server.settings_file import AGENTS, is_of_up
from legwatch_server.supervisor.broker import programs
from legwatch_server.supervisor.house import open_at
from legwatch_server.supervisor.mosquitto import SERVER

if TYPE_CHECKING:  # slow to import
    from legwatch_server.pairing.door import Seen

PASSWORD_BYTES = 24


class Asked(NamedTuple):
    """What a person wants: a bed of this name is let in, within so many minutes.

    `address`, `port`: where its bedside comes with the code.
    """

    bed: str
    minutes: float
    address: str
    port: int
    again: bool


def run(path: Path, asked: Asked, state: Path) -> int:
    """Print a code and wait for the bedside; 0 paired, 1 not. Raises LegwatchError."""
    house, broker_port = house_of(path, state)
    with named(house):
        _check(asked, path, house)
        new = _Newcomer(asked.bed, house, broker_port, asked.again)
        seen = _waited(asked, new)
    if seen is None:
        print("\nEnded: the code is worth nothing any more, and nobody was let in.")
        return 1
    return _said(asked, path, seen)


def house_of(path: Path, state: Path) -> tuple[Path, int]:
    """Return the folder of the house's users, and its broker's port; raises CannotRun."""
    folder = state / FOLDER
    if port := open_at(folder):
        return folder, port
    if is_of_up(path):
        raise CannotRun(
            "this server is for the bed at its own machine. To let in others, too: `legwatch"
            " settings set house.port 8883`, and then start `legwatch up` again (as a service: sudo"
            " systemctl restart legwatch)"
        )
    raise CannotRun(
        "the broker of this server is not one that `legwatch up` has started, so nobody can be let"
        " in there from here: deploy/README.md says how to add a bed to it"
    )


@contextmanager
def named(folder: Path) -> Iterator[None]:
    """Say whose a folder is in which we may not write."""
    try:
        yield
    except PermissionError as error:
        raise CannotRun(f"{folder}: {whose(error, folder)}") from None


def sent_away(house: Path, bed: str) -> bool:
    """Let a bed in no more; return False if it was not let in."""
    with named(house):
        return users.drop(house, bed)


def is_let_in(house: Path, bed: str) -> bool:
    """Return True if a bed is a user of the house's broker."""
    with named(house):
        return bed in users.read(house)


def _check(asked: Asked, path: Path, house: Path) -> None:
    """Raise LegwatchError for a name that no bed elsewhere can have."""
    try:
        check_bed(asked.bed)
    except WireError as error:
        raise SettingsError("NAME", str(error)) from None
    if asked.bed == SERVER:
        raise SettingsError("NAME", f"{SERVER!r} is the server's own name at the broker")
    with suppress(SettingsError):  # no bed is at this machine
        if read_toml(path.with_name(AGENTS)).get("bed") == asked.bed and is_of_up(path):
            raise CannotRun(f"bed {asked.bed} stands at this machine: it needs no pairing")
    if asked.bed in users.read(house) and not asked.again:
        raise CannotRun(
            f"bed {asked.bed} is paired already. `legwatch beds add {asked.bed} --again` pairs it"
            " anew, such as with another Pi; the Pi that it has now is cut off then"
        )


@dataclass
class _Newcomer:
    """A bed on its way in: a user of the broker from the right secret on, or as before."""

    bed: str
    house: Path
    port: int
    again: bool
    before: User | None = None
    put: bool = False

    def let_in(self) -> Given:
        """Make it a user; return what its bedside needs. Raises CannotRun if it is one by now."""
        from legwatch_server.pairing import authority  # noqa: PLC0415 - slow to import

        if not self.again and self.bed in users.read(self.house):
            raise CannotRun(f"bed {self.bed} was paired with another Pi meanwhile")
        password = secrets.token_urlsafe(PASSWORD_BYTES)
        made = User(self.bed, Role.BED, users.hashed(self.bed, password, programs()[1]))
        self.before, self.put = users.put(self.house, made), True
        ca = (self.house / authority.CA).read_text(encoding="ascii")
        host = socket.gethostname()
        return Given(self.bed, password, host, self.port, authority.SERVER_NAME, ca)

    def take_back(self) -> None:
        """Let it be as before: its bedside has not kept what it got."""
        if self.put and self.before is not None:
            users.put(self.house, self.before)
        elif self.put:
            users.drop(self.house, self.bed)


def _waited(asked: Asked, new: _Newcomer) -> "Seen | None":
    """Wait for the bedside; None: the person has ended it."""
    from legwatch_server.pairing.door import Door, End  # noqa: PLC0415 - slow to import

    try:
        door = Door(new.let_in, address=asked.address, port=asked.port, minutes=asked.minutes)
    except OSError as error:
        raise CannotRun(f"no bed can come in at port {asked.port}: {error.strerror}") from None
    end = None
    try:
        with announced(asked.bed, asked.address, door.port):
            for line in shown(write_code(door.code), door.port, asked.minutes):
                print(line)
            print(f"Waiting for {asked.bed} ... (Ctrl-C ends it, and the code with it)", flush=True)
            seen = asyncio.run(door.wait())
        end = seen.end
    except KeyboardInterrupt:
        return None
    finally:
        door.close()
        if end is not End.PAIRED:
            new.take_back()
    return seen


def _said(asked: Asked, path: Path, seen: "Seen") -> int:
    """Print how it has ended; return the exit code."""
    from legwatch_server.pairing.door import End  # noqa: PLC0415 - slow to import

    again = f"Type `legwatch beds add {asked.bed}` again for a new code."
    if seen.end is not End.PAIRED:
        print(
            {
                End.OVER: f"Nobody came in time; the code is worth nothing any more. {again}",
                End.NOT_KEPT: f"A bedside ({seen.who}) had the right code, and then did not say"
                f" that it had kept what it got; it was not let in. It says why. {again}",
                End.GUESSED: f"{seen.wrong} wrong codes came, so the code was given up: somebody"
                f" in your network guesses. Nobody was let in. {again}",
            }[seen.end or End.OVER]
        )
        return 1
    settings_file.change(path, {f"beds.{asked.bed}.ended": False})
    print(
        f"Bed {asked.bed} is paired: its bedside is {seen.who} (legwatch {seen.version})."
        f" `legwatch now {asked.bed}` shows what it sends; `legwatch beds end {asked.bed}` cuts it"
        " off again."
    )
    return 0
