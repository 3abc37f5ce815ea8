"""Usual places: the settings of a running server, and the folder of `legwatch up`."""

import os
from pathlib import Path

from legwatch.errors import CannotRun
from legwatch_runtime import rights

INSTALLED = Path("/etc/legwatch/server.toml")
# What `legwatch up` writes if it runs in its unit.
LASTING = Path("/var/lib/legwatch/server.toml")
CONFIG_HELP = f"server.toml (default: {INSTALLED}, else the file of `legwatch up`)"


def state_dir() -> Path:
    """Return the folder for all files of `legwatch up`; XDG_STATE_HOME moves it."""
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "legwatch"


def made_by_up() -> tuple[Path, ...]:
    """Return the places where `legwatch up` may have made a server's settings for a real bed."""
    return LASTING, state_dir() / "server.toml"


def settings_file(given: Path | None) -> Path:
    """Return `given`, else the first settings file that exists.

    Raises CannotRun if none does, or if we may not look: a file further down is of another server.
    """
    if given is not None:
        return given
    own = state_dir()
    places = (INSTALLED, LASTING, own / "server.toml", own / "demo" / "server.toml")
    for place in places:
        if rights.is_there(place):
            return place
    tried = ", ".join(str(place) for place in places)
    raise CannotRun(f"no settings file found ({tried}); name the file with --config FILE")
