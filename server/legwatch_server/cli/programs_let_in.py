"""Lets programs of the house in, or in no more, and lists them."""

import re
import secrets
import socket
from collections.abc import Iterator
from pathlib import Path

from legwatch.errors import CannotRun, SettingsError
from legwatch_runtime import streams
from legwatch_server import settings_file
from legwatch_server.cli.beds_add import PASSWORD_BYTES, house_of, named
from legwatch_server.pairing import users
from legwatch_server.pairing.users import Role, User
from legwatch_server.supervisor.broker import programs as broker_programs

_NAME = re.compile(r"[a-z0-9-]{1,32}")


def run(path: Path, action: str | None, name: str) -> None:
    """Do what the command asks for, and print it. Raises LegwatchError."""
    house, port = house_of(path, Path(settings_file.read(path).state_dir))
    with named(house):
        match action:
            case "add":
                lines = _added(_checked(name), house, port)
            case "end":
                lines = _ended(name, house)
            case _:
                lines = _list(house)
        with streams.after("it was done"):
            for line in lines:
                print(line)


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise SettingsError("NAME", f"{name!r} is not 1-32 characters of a-z, 0-9 and -")
    return name


def _added(name: str, house: Path, port: int) -> Iterator[str]:
    """Add a program, and return what it has to be told: its password is shown only now."""
    user, password = users.program(name), secrets.token_urlsafe(PASSWORD_BYTES)
    hashed = users.hashed(user, password, broker_programs()[1])
    before = users.put(house, User(user, Role.PROGRAM, hashed))
    yield f"The program {name} is let in{', with a new password' if before else ''}. Give it this:"
    yield f"  broker     {socket.gethostname()}, port {port}, with TLS"
    yield f"  user       {user}"
    yield f"  password   {password}"
    yield f"  authority  {house / 'ca.pem'} (its certificate is for the name legwatch.house)"
    yield f"The password is not shown again. `legwatch programs end {name}` takes it back."


def _ended(name: str, house: Path) -> Iterator[str]:
    if not users.drop(house, users.program(name)):
        raise CannotRun(f"no program {name} is let in: `legwatch programs` lists them")
    yield f"The program {name} is let in no more."


def _list(house: Path) -> Iterator[str]:
    found = [u for u in users.read(house).values() if u.role is Role.PROGRAM]
    for user in found:
        yield user.name.removeprefix(users.PROGRAM)
    if not found:
        yield "No program is let in. `legwatch programs add NAME` lets one in."
