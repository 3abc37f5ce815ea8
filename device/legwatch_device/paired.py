"""Makes this Pi the bedside of a server elsewhere in the house, and keeps what that needs."""

import argparse
import os
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from legwatch.contract.pairing import Given, PairingCode, read_code
from legwatch.errors import CannotRun, SettingsError, WireError
from legwatch_device.finding import doors
from legwatch_device.pairing import Server, WrongServer, pair
from legwatch_device.trying import Account, let_in
from legwatch_runtime import locations
from legwatch_runtime.files import read_text
from legwatch_runtime.rights import opened_anew, whose
from legwatch_runtime.secrets_beside import FILES

PORT = 8884  # of the server's door, unless it says another one
CA = "house-ca.pem"
PASSWORD = FILES["LEGWATCH_MQTT_PASSWORD"]


def run(args: argparse.Namespace) -> int:
    """Pair by the words of the command line; return 0. Raises LegwatchError."""
    code, server = _code(args.code), _server(args.server) if args.server else None
    file: Path = args.config or _usual()

    def keep(given: Given, host: str) -> None:
        _keep(file, given, host)

    with _writable(file.parent):
        given = pair(server, code, keep) if server else _found(code, keep)
    print(
        f"Paired: this Pi is the bedside of {given.bed!r}, and its server knows it.\n"
        f"In {file}: name and server. {_next(file)}"
    )
    return 0


def _found(code: PairingCode, keep: Callable[[Given, str], None]) -> Given:
    """Ask each door in the house; raises CannotRun if none of them has made the code."""
    print("Looking for the server in this house ...", flush=True)
    others = list[Server]()
    for server in doors():
        try:
            return pair(server, code, keep)
        except WrongServer:
            others.append(server)
    asked = ", ".join(map(str, dict.fromkeys(others)))
    raise CannotRun(
        f"the servers found here have not made this code ({asked}): is it the newest one?"
        if others
        else "no server that waits for a bed was found here: does `legwatch beds add` still run on"
        " it, and in the same network? Else name its address: --server 192.168.1.10"
    )


def _code(given: str | None) -> PairingCode:
    if given is None:
        if not sys.stdin.isatty():
            raise SettingsError("CODE", "nobody is here to be asked: write it behind the command")
        try:
            given = input("The code that `legwatch beds add` has printed on the server: ")
        except EOFError:
            raise SettingsError("CODE", "none was given") from None
    try:
        return read_code(given)
    except WireError as error:
        raise SettingsError("CODE", str(error)) from None


def _server(text: str) -> Server:
    host, colon, port = text.rpartition(":")
    bare = host.count(":") > 0 and not host.endswith("]")  # an IPv6 address has colons itself
    if not colon or bare:
        host, port = text, str(PORT)
    if not (port.isascii() and port.isdecimal() and 0 < int(port) <= 65_535) or not host:
        raise SettingsError("--server", f"{text!r} is no address such as 192.168.1.10")
    return Server(host.strip("[]"), int(port))


def _usual() -> Path:
    installed = locations.INSTALLED.with_name("agent.toml")
    return installed if installed.parent.is_dir() else Path("agent.toml")


@contextmanager
def _writable(folder: Path) -> Iterator[None]:
    """Check before the code is used up that all can be written."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
        yield
    except OSError as error:
        raise CannotRun(f"{folder}: {whose(error, folder)}") from None


def _keep(file: Path, given: Given, host: str) -> None:
    """Try the broker with what the server gave; then write it, the settings last."""
    host = _by_name(given) or host
    with tempfile.TemporaryDirectory() as place:
        ca = Path(place) / CA
        ca.write_text(given.ca, encoding="ascii")
        account = Account(host, given.port, given.bed, str(ca), given.server_name)
        let_in(account, given.password)
    folder = file.parent.absolute()
    _write(folder / CA, given.ca, 0o644)
    _write(folder / PASSWORD, f"{given.password}\n", 0o600)
    _write(file, _settings(file, given, host, folder / CA), _mode(file))


def _by_name(given: Given) -> str:
    """Return the server's name in the house, if it leads there: its address may change one day."""
    name = f"{given.host.partition('.')[0]}.local"
    try:
        socket.create_connection((name, given.port), 5).close()
    except (OSError, UnicodeError):
        return ""
    return name


def _settings(file: Path, given: Given, host: str, ca: Path) -> str:
    """Return the owner's settings with the server's place in them; all else stays as it was."""
    from tomlkit import TOMLDocument, parse, table  # noqa: PLC0415 - slow to import
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415

    try:
        document = parse(read_text(str(file))) if file.exists() else TOMLDocument()
    except (TOMLKitError, UnicodeDecodeError) as error:
        raise CannotRun(f"{file} is no TOML, so it was not changed: {error}") from None
    document["bed"] = given.bed
    mqtt = document.setdefault("mqtt", table())
    values = {"host": host, "port": given.port, "user": given.bed, "ca_file": str(ca)}
    for key, value in (*values.items(), ("server_name", given.server_name)):
        mqtt[key] = value
    return document.as_string()


def _mode(file: Path) -> int:
    return file.stat().st_mode & 0o777 if file.exists() else 0o640


def _write(file: Path, text: str, mode: int) -> None:
    fresh = file.with_name(f"{file.name}.new")
    with opened_anew(fresh) as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    fresh.chmod(mode)
    fresh.replace(file)


def _next(file: Path) -> str:
    try:
        sensors = "[sensors" in read_text(str(file))
    except (OSError, UnicodeDecodeError):
        sensors = True
    if not sensors:
        return (
            "It has no sensors yet: config/agent.example.toml shows them; then `legwatch"
            f" check-config {file}`."
        )
    if file.parent == locations.INSTALLED.parent:
        return "Start it: sudo systemctl restart legwatch"
    return f"Start it: legwatch agent --config {file}"
