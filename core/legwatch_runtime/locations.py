"""Usual places: the settings of a running server, and the folder of `legwatch up`."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from legwatch.errors import CannotRun
from legwatch_runtime import rights
from legwatch_runtime.state_dir import is_held

# LEGWATCH_ROOT names another root of these places, for the tests: neither they nor the programs
# that they start may meet a real installation on the same machine.
_ROOT = Path(os.environ.get("LEGWATCH_ROOT") or "/")
INSTALLED = _ROOT / "etc/legwatch/server.toml"
# What `legwatch up` writes if it runs in its unit.
LASTING = _ROOT / "var/lib/legwatch/server.toml"
SERVERS_STATE, AGENTS_STATE = LASTING.parent / "server", LASTING.parent / "agent"
GIVEN, MOST_GIVEN = "given", 20  # a file with the folders of `legwatch up --state`, newest first
CONFIG_HELP = f"server.toml (default: {INSTALLED}, else the file of `legwatch up`)"


def state_dir() -> Path:
    """Return the folder for all files of `legwatch up`; XDG_STATE_HOME moves it."""
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "legwatch"


def made_by_up() -> tuple[Path, ...]:
    """Return the places where `legwatch up` may have made a server's settings for a real bed.

    Of the folders that were given to it with --state only those of which a server runs.
    """
    found = LASTING, state_dir() / "server.toml", *(place for place in _given() if runs(place))
    return tuple(dict.fromkeys(found))  # --state may name the usual folder


def all_made_by_up() -> list[Path]:
    """Return these places and all folders that were given with --state; what runs goes first.

    Of the others what a server has written into last: a command by a settings file looks there.
    """
    found = dict.fromkeys((LASTING, state_dir() / "server.toml", *_given()))
    return sorted(found, key=lambda place: (runs(place), _written_s(place)), reverse=True)


def note_given(folder: Path) -> None:
    """Note a folder of `legwatch up --state`, so that commands find what runs there."""
    here = str(folder.absolute())
    lines = [here, *(line for line in _given_lines() if line != here)][:MOST_GIVEN]
    with suppress(OSError):  # then commands need --config
        state_dir().mkdir(mode=0o700, parents=True, exist_ok=True)
        (state_dir() / GIVEN).write_text("".join(f"{line}\n" for line in lines))


def _given() -> list[Path]:
    return [Path(line) / "server.toml" for line in _given_lines()]


def _given_lines() -> list[str]:
    try:
        return (state_dir() / GIVEN).read_text(errors="replace").splitlines()[:MOST_GIVEN]
    except OSError:
        return []


def settings_file(given: Path | None, say: Callable[[str], None] = lambda _: None) -> Path:
    """Return `given`, else the installed settings file, else that of the `legwatch up` of now.

    `say` is told if a file was passed over that goes first otherwise, or is of a server that runs,
    too. Raises CannotRun if there is no file, or if we may not look: a file further down is of
    another server, unless that one runs.
    """
    if given is not None:
        return given
    if rights.is_there(INSTALLED):
        return INSTALLED
    made = [*made_by_up(), state_dir() / "demo" / "server.toml"]
    all_running = [place for place in made if runs(place)]
    running = next(iter(all_running), None)
    blind = running is not None and not rights.may_look(made[0])
    there = all_running if blind else [place for place in made if rights.is_there(place)]
    if not there:
        tried = ", ".join(map(str, (INSTALLED, *made)))
        raise CannotRun(f"no settings file found ({tried}); name the file with --config FILE")
    lasting = [place for place in there if place != made[-1]] or there
    found = running or max(lasting, key=_written_s)
    folder = found.parent.resolve()  # one folder may have been given by two names
    others = (place for place in (there[0], *all_running) if place.parent.resolve() != folder)
    if other := next(others, None):
        why = "which runs" if found == running else "which was written last"
        say(
            f"This is about the `legwatch up` in {found.parent}, {why}; there is one in"
            f" {other.parent}, too: --config {other}"
        )
    return found


def runs(made: Path) -> bool:
    """Return True if the server of a file that `legwatch up` has made runs now."""
    return is_held(made.parent / "server" / "server.lock")


def _written_s(made: Path) -> float:
    """Return when the server of such a file last wrote into its store; 0: there is none for us."""
    try:
        return max(
            (file.stat().st_mtime for file in (made.parent / "server").glob("*.db*")), default=0.0
        )
    except OSError:
        return 0.0
