"""`legwatch restore`: put a backup back, here or on another machine."""

import argparse
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from legwatch.errors import CannotRun
from legwatch_runtime import locations
from legwatch_runtime.process import EXITS
from legwatch_runtime.rights import is_there
from legwatch_runtime.state_dir import is_held
from legwatch_server.cli import passphrase
from legwatch_server.cli.progress import Progress
from legwatch_server.in_force import LOCK

if TYPE_CHECKING:
    from legwatch_server.backup.restoring import Looked, Moved, Places

HOUSE = "keys/house/"  # beds elsewhere are paired with this server
_MB = 1_000_000


def main(argv: Sequence[str]) -> int:
    """Run `legwatch restore`; 0 done, 1 not possible now, 2 wrong arguments or settings."""
    args = _parser().parse_args(argv)
    from legwatch_server.backup.content import place  # noqa: PLC0415 - the help needs none of it
    from legwatch_server.backup.restoring import look, restore  # noqa: PLC0415 - as above

    asked = cache(partial(passphrase.known, args.passphrase_file))
    with Progress() as progress:
        found = look(args.file, asked, _of(progress.report, "checked", args.file))
    places = _places(found, args)
    print(_about(args.file, found))
    if args.list:
        for name, (size, _) in sorted(found.manifest.files.items()):
            print(f"  {place(name, *places)}  {size / _MB:.1f} MB")
        return 0
    _check_free(found, places, replace=args.replace)
    with Progress() as progress:
        moved = restore(args.file, places, asked, _of(progress.report, "restored", args.file))
    for line in _lines(moved, found, args.state):
        print(line)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="legwatch restore",
        description="Put back what `legwatch backup` has written. All of it is checked before"
        " anything is changed, and what is replaced stays beside it under another name.",
        epilog=EXITS,
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the backup")
    parser.add_argument(
        "--settings",
        type=Path,
        metavar="DIR",
        help="folder for server.toml, agent.toml and secrets (default: /etc/legwatch if legwatch"
        " is installed there, else this folder)",
    )
    parser.add_argument(
        "--state",
        type=Path,
        metavar="DIR",
        help="folder for all data, as of `legwatch up --state`; of a server without `legwatch up`"
        " its state_dir (default: the usual one, or what the settings in the backup say)",
    )
    parser.add_argument("--passphrase-file", type=Path, metavar="FILE", help=passphrase.FILE_HELP)
    parser.add_argument("--list", action="store_true", help="only check it, and show what is in it")
    parser.add_argument(
        "--replace", action="store_true", help="put what is there aside, and take its place"
    )
    return parser


def _places(found: "Looked", args: argparse.Namespace) -> "Places":
    from legwatch_server.backup.restoring import Places  # noqa: PLC0415 - as above

    installed = is_there(locations.INSTALLED)
    settings = args.settings or (locations.INSTALLED.parent if installed else Path())
    settings = settings.absolute()
    if found.manifest.of_up:
        # The unit of `legwatch up` has its own folder.
        lasts = installed or is_there(locations.LASTING)
        usual = locations.LASTING.parent if lasts else locations.state_dir()
        return Places(settings, (args.state or usual).absolute() / "server")
    state = args.state or found.state or locations.SERVERS_STATE
    return Places(settings, state.absolute())


def _check_free(found: "Looked", places: "Places", *, replace: bool) -> None:
    """Raise CannotRun if a server runs there, or something is there that nobody said to replace."""
    from legwatch_server.backup.content import place  # noqa: PLC0415 - as above

    if is_held(places.state / LOCK):
        raise CannotRun(f"a server runs with {places.state}: end it first; nothing was changed")
    there = [at for name in found.manifest.files if is_there(at := place(name, *places))]
    if there and not replace:
        raise CannotRun(
            f"there is {', '.join(map(str, there))} already: --replace puts that aside under"
            " another name, --settings and --state name other folders; nothing was changed"
        )


def _about(file: Path, found: "Looked") -> str:
    made = found.manifest
    when = f"{datetime.fromtimestamp(made.made_ms / 1000).astimezone():%a %d %b %Y %H:%M}"
    size = f"{made.size / _MB:.1f} MB"
    by = f"made {when} by legwatch {made.version}"
    return f"{file}: whole; {by}; {size}. What came later is not in it."


def _lines(moved: "Sequence[Moved]", found: "Looked", state: Path | None) -> Iterator[str]:
    yield "Put back:"
    for one in moved:
        before = f"  (what was there: {one.before.name})" if one.before else ""
        yield f"  {one.place}{before}"
    if not any(name.startswith("keys/") for name in found.manifest.files):
        yield "No keys were in it: new ones are made, and write the tokens of push services anew."
    if found.manifest.of_up and is_there(locations.INSTALLED):
        yield "Start it: sudo systemctl start legwatch"
    elif found.manifest.of_up:
        folder = f" --state {state}" if state else ""
        options = {"settings/server.toml": "--config", "settings/agent.toml": "--agent-config"}
        places = {one.place.name: one.place for one in moved}
        files = [
            f" {option} {places[name.rpartition('/')[2]]}"
            for name, option in options.items()
            if name in found.manifest.files
        ]
        house = any(name.startswith(HOUSE) for name in found.manifest.files)
        alone = " --no-bed" if house and "settings/agent.toml" not in found.manifest.files else ""
        yield f"Start it as before, in a clone: `scripts/run{''.join(files)}{alone}{folder}`"
    else:
        yield "Start the server as before; the broker needs its users, as deploy/README.md says."


def _of(report: Callable[[str, float], object], what: str, file: Path) -> Callable[[int], object]:
    done, whole = 0, max(1, file.stat().st_size if is_there(file) else 1)

    def add(count: int) -> None:
        nonlocal done
        done += count
        report(what, done / whole)

    return add
