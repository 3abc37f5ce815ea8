"""`legwatch programs`: let a program of the house read all beds and ask, or let it no more."""

import argparse
import re
import secrets
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path

from legwatch.errors import CannotRun, SettingsError
from legwatch_runtime import locations, streams
from legwatch_runtime.process import EXITS
from legwatch_server import settings_file
from legwatch_server.cli.beds_add import PASSWORD_BYTES, house_of, named
from legwatch_server.meant import meant
from legwatch_server.pairing import users
from legwatch_server.pairing.users import Role, User
from legwatch_server.supervisor.broker import programs as broker_programs

_NAME = re.compile(r"[a-z0-9-]{1,32}")


def main(argv: Sequence[str]) -> int:
    """Run `legwatch programs`; 0 done, 1 not possible now, 2 a wrong name or settings."""
    args = _parser().parse_args(argv)
    path = meant(args.config)
    house, port = house_of(path, Path(settings_file.read(path).state_dir))
    with named(house):
        match args.action:
            case "add":
                lines = _added(_checked(args.name), house, port)
            case "end":
                lines = _ended(args.name, house)
            case _:
                lines = _list(house)
        with streams.after("it was done"):
            for line in lines:
                print(line)
    return 0


def _parser() -> argparse.ArgumentParser:
    config = argparse.ArgumentParser(add_help=False)
    config.add_argument("--config", type=Path, metavar="FILE", help=locations.CONFIG_HELP)
    parser = argparse.ArgumentParser(
        prog="legwatch programs",
        description="List the programs that the broker of `legwatch up` lets in, such as a home"
        " automation; add one, or end it. A program reads all beds, and may ask for what a person"
        " can do by hand: answer an alert, note a cramp, set a limit. deploy/README.md shows how.",
        epilog=EXITS,
        parents=[config],
    )
    inner = argparse.ArgumentParser(add_help=False)
    inner.add_argument("--config", type=Path, default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    inner.add_argument("name", metavar="NAME", help="name of the program, such as homeassistant")
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    actions.add_parser("add", help="let a program in; prints its password once", parents=[inner])
    actions.add_parser("end", help="let a program in no more", parents=[inner])
    return parser


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
