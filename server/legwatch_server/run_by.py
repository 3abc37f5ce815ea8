"""Who has started this server, and what a person types so that it reads its settings again."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

UNDER_UP = "LEGWATCH_UP"  # in the environment: `legwatch up` starts us, and for one of these
MADE_FROM = "LEGWATCH_MADE_FROM"  # the owner's file from which `legwatch up` has made ours
WATCH, MADE_NIGHT = "watch", "made night"
_CONTAINERS = (Path("/.dockerenv"), Path("/run/.containerenv"))
_CGROUP = Path("/proc/self/cgroup")


class Commands(NamedTuple):
    """What puts changed settings in force: all but a few keys, and the others too."""

    reload: str
    restart: str


def commands(
    environ: Mapping[str, str] = os.environ,
    *,
    cgroup: Path = _CGROUP,
    containers: tuple[Path, ...] = _CONTAINERS,
) -> Commands:
    """Return what to type for this process."""
    own_pid, parent_pid = str(os.getpid()), str(os.getppid())
    by_up = bool(environ.get(UNDER_UP))
    main_pid = environ.get("SYSTEMD_EXEC_PID", "")
    unit, control = "", ""
    if main_pid == own_pid or (by_up and main_pid == parent_pid):
        unit, control = _unit(cgroup)
    if by_up:
        again = f"{control} restart {unit}" if unit else "end `legwatch up`, and start it again"
        if environ.get("INVOCATION_ID") and not unit:  # as a unit, or in a terminal of a desktop
            again += " (as a unit: sudo systemctl restart legwatch)"
        return Commands(again, again)
    if unit:
        return Commands(f"{control} reload {unit}", f"{control} restart {unit}")
    first = own_pid == "1" or parent_pid == "1"  # the only program of a container, or nearly so
    if first and any(file.exists() for file in containers):
        return Commands("docker compose kill -s HUP server", "docker compose restart server")
    return Commands(f"kill -HUP {own_pid}", "end `legwatch server`, and start it again")


def made_from() -> str:
    """Return the owner's file from which our settings file was made; empty: it is the owner's."""
    return os.environ.get(MADE_FROM, "")


def is_under_up() -> bool:
    """Return True if `legwatch up` has started this server; it has said the time zone."""
    return bool(os.environ.get(UNDER_UP))


def plays_made_night() -> bool:
    """Return True if this is the made night, which is told to nobody on purpose."""
    return os.environ.get(UNDER_UP) == MADE_NIGHT


def _unit(cgroup: Path) -> tuple[str, str]:
    """Return the unit of systemd that this process belongs to, and the command that controls it."""
    try:
        path = cgroup.read_text(encoding="utf-8").strip().rpartition("::")[2]
    except OSError:
        return "", ""
    unit = path.rpartition("/")[2]
    if not unit.endswith(".service"):
        return "", ""
    control = "systemctl --user" if "/user@" in path else "sudo systemctl"
    return unit.removesuffix(".service"), control
