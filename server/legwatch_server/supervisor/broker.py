"""A mosquitto for `legwatch up` alone: on loopback, with its own port, passwords and data."""

import os
import secrets
import shutil
import socket
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from legwatch_server.supervisor import mosquitto
from legwatch_server.supervisor.house import House
from legwatch_server.supervisor.mosquitto import Paths
from legwatch_server.supervisor.process import ProcessSpec

# Debian installs mosquitto in /usr/sbin, which is not in a user's PATH.
SEARCH = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"))


@dataclass(frozen=True, slots=True)
class BrokerProcess:
    """The broker's command, port and passwords."""

    task: ProcessSpec
    port: int
    passwords: Mapping[str, str]  # by user
    house: House | None = None  # who may come in from elsewhere; None: it listens on loopback only
    closed: str = ""  # why nobody comes in, though the settings want it


@dataclass(frozen=True, slots=True)
class Opening:
    """Where the house's beds come in: the broker's lines for it, or why they cannot come in."""

    folder: Path
    lines: tuple[str, ...] = ()
    closed: str = ""


class BrokerMissingError(RuntimeError):
    """mosquitto is not installed on this machine."""


def programs() -> tuple[str, str]:
    """Return the paths of mosquitto and mosquitto_passwd; raises BrokerMissingError."""
    program = shutil.which("mosquitto", path=SEARCH)
    hasher = shutil.which("mosquitto_passwd", path=SEARCH)
    if not program or not hasher:
        raise BrokerMissingError(
            "mosquitto, the MQTT broker, is not installed: sudo apt install mosquitto"
        )
    return program, hasher


def write_broker_config(
    folder: Path, users: Iterable[str], opening: Opening | None = None
) -> BrokerProcess:
    """Write the broker's files into `folder`; raises BrokerMissingError.

    If the house cannot be opened, the beds of this machine are watched all the same.
    """
    program, hasher = programs()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    port, secret_of = free_port(), {user: secrets.token_urlsafe(24) for user in users}
    _forget_older(folder)
    passwords = folder / "passwords"
    passwords.unlink(missing_ok=True)
    passwords.touch(mode=0o600)
    passwords.write_text("".join(f"{user}:{word}\n" for user, word in secret_of.items()))
    # -U hashes the file in place: other users could read a password on the command line.
    subprocess.run([hasher, "-U", str(passwords)], check=True, capture_output=True)  # noqa: S603 - the path is the one that we found
    place = _place(folder, port)
    more = opening.lines if opening else ()
    conf = mosquitto.write(replace(place, more=(*place.more, *more)), folder)
    task, home = ProcessSpec("broker", (program, "-c", str(conf))), None
    if opening and more:
        home = House(opening.folder, folder, passwords.read_text().splitlines())
    return BrokerProcess(task, port, secret_of, home, opening.closed if opening else "")


def _forget_older(folder: Path) -> None:
    """Delete the data of an older setup whose client ids differ: nobody would use its sessions.

    No window is lost: the agent's spool still has the messages queued for the server.
    """
    conf = folder / "mosquitto.conf"
    if conf.exists() and mosquitto.BOUND not in conf.read_text(errors="replace"):
        (folder / "mosquitto.db").unlink(missing_ok=True)


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """Return True if a program listens on this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


_LOG = (
    "log_dest stderr",
    "log_type error",
    "log_type warning",
    "log_type notice",
    "log_type subscribe",  # shows when the server has subscribed
)


def _place(folder: Path, port: int) -> Paths:
    # Started as root, mosquitto would switch to a user who cannot read this folder.
    root = ("user root",) if os.geteuid() == 0 else ()
    return Paths(f"{port} 127.0.0.1", str(folder), str(folder), (*_LOG, *root))
