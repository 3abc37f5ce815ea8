"""Where things usually are: the settings of a running server, and what `legwatch up` keeps."""

import os
from pathlib import Path

from legwatch.errors import CannotRun

INSTALLED = Path("/etc/legwatch/server.toml")
CONFIG_HELP = f"server.toml; else {INSTALLED}, else that of `legwatch up`"


def state_dir() -> Path:
    """Return the folder in which `legwatch up` keeps everything."""
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "legwatch"


def settings_file(given: Path | None) -> Path:
    """Return the settings file that was named, or the first usual one; raises CannotRun."""
    if given is not None:
        return given
    own = state_dir()
    places = (INSTALLED, own / "server.toml", own / "demo" / "server.toml")
    for place in places:
        if place.exists():
            return place
    tried = ", ".join(str(place) for place in places)
    raise CannotRun(f"no settings found ({tried}); name them with --config FILE")
