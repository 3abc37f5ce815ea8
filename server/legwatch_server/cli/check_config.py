"""`legwatch check-config`: list every error in a settings file, or the keys of drivers."""

import argparse
import dataclasses
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from legwatch import scope
from legwatch.errors import LegwatchError, SettingsError
from legwatch.night import local
from legwatch.oncall.people import CARER
from legwatch.settings import load
from legwatch_runtime import plugins
from legwatch_runtime.files import read_toml
from legwatch_runtime.homes import unseen
from legwatch_runtime.plugins import CannotLoad
from legwatch_runtime.rights import is_there
from legwatch_runtime.secrets_beside import beside
from legwatch_server import settings_file, zone
from legwatch_server.cli.agent_in_force import waits_for_a_start
from legwatch_server.cli.installed import installed, keys_of
from legwatch_server.cli.problems import check, problems
from legwatch_server.covered import covered
from legwatch_server.kinds import CONFIGS
from legwatch_server.meant import server_by
from legwatch_server.notify.example_addresses import copied
from legwatch_server.notify.known_beds import doubts, heard, same_phones, untold
from legwatch_server.settings import ServerSettings


def main(argv: Sequence[str]) -> int:
    """Run `legwatch check-config`; 0 good, 1 a bed that can never warn, 2 errors."""
    shapes = dict(_shapes())
    parser = argparse.ArgumentParser(
        prog="legwatch check-config",
        description="Check the settings of an agent or a server.",
        epilog="Exit code: 0 a good file, 1 a bed that can never warn, 2 errors in the file.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", nargs="?")
    parser.add_argument("--as", dest="kind", choices=sorted(shapes), help="kind of the file")
    parser.add_argument(
        "--options",
        nargs="?",
        const="",
        metavar="NAME",
        help="list the installed drivers and channels, or print the keys of one",
    )
    args = parser.parse_args(argv)
    if args.options is not None:
        doors = [door for kind in sorted(shapes) for door in shapes[kind].DOORS]
        print("\n".join(keys_of(args.options, doors) if args.options else installed(doors)))
        return 0
    if args.file is None:
        parser.error("name a FILE, or --options")
    table = read_toml(args.file)
    kind = args.kind or _kind(table, shapes)
    with beside(args.file, server_by(args.file)) as place:
        code = _checked(args.file, kind, shapes[kind], table)
    for unchecked in place.unchecked():
        print(f"{args.file}: {unchecked}")
    return code


def _checked(path: Path, kind: str, shape: type[Any], table: dict[str, Any]) -> int:
    """Print what is wrong in a file, what may be, and what it means; return the exit code."""
    folder = _folder_of_up(path)
    wrong = list(problems(shape, table, folder))
    if wrong and shape is ServerSettings:  # a change may have what is missing, as a person
        table = _changed(path, table)
        wrong = list(problems(shape, table, folder))
    for problem in wrong:
        print(f"{path}: {problem}", file=sys.stderr)
    if not wrong and shape is ServerSettings:
        wrong = list(_with_changes(path))
    if wrong:
        return 2
    good = load(shape, table)
    for doubt in _doubts(path, good):
        print(f"{path}: look again: {doubt}")
    if shape is ServerSettings:
        for unused in _unused(path):
            print(f"{path}: {unused}")
    for later in waits_for_a_start(path, table):
        print(f"{path}: {later}")
    if unread := _unread(good):
        print(f"{path}: recording.file: {unread}")
        print(f"{path}: this bed can NEVER WARN ({kind}: {_summary(table)})")
        return 1
    roles, made = _roles(good), _made(good)
    if roles is not None:
        for sentence in scope.made_values(made):
            print(f"{path}: {sentence}")
        for never in scope.never_come(roles):
            print(f"{path}: {never}")
        if not scope.can_come(roles):
            print(f"{path}: this bed can NEVER WARN ({kind}: {_summary(table)})")
            return 1
        what = scope.watched(roles)
        truly = f"not truly watched: {scope.from_made(what)}" if made else f"watched for {what}"
        print(f"{path}: the bed is {truly}")
        for unseen in scope.beyond(roles):
            print(f"{path}: not seen: {unseen}")
        if untold := _untold(good):
            print(f"{path}: {untold}")
    print(f"{path}: good ({kind}: {_summary(table)})")
    return 0


def _shapes() -> Iterator[tuple[str, type[Any]]]:
    """Yield the kinds of files that are known; one of another package may be broken."""
    for kind in plugins.names(CONFIGS):
        try:
            shape = plugins.load(CONFIGS, kind, f"the kind of file {kind}", "settings", ("check",))
        except CannotLoad as error:
            print(f"legwatch check-config: {error}", file=sys.stderr)
        else:
            yield kind, shape


def _changed(path: Path, table: dict[str, Any]) -> dict[str, Any]:
    """Return the table with the changes by programs; as it is if these cannot be read."""
    with suppress(LegwatchError):
        return settings_file.table(path, settings_file.changes_file(server_by(path)))
    return table


def _read(path: Path) -> ServerSettings:
    """Read settings with all changes; of the server that `legwatch up` runs, with its state_dir."""
    server = server_by(path)
    if server == path:
        return settings_file.read(path)
    changes = settings_file.changes_file(server)
    settings = settings_file.checked(settings_file.table(path, changes))
    return dataclasses.replace(settings, state_dir=str(changes.parent))


def _folder_of_up(path: Path) -> str:
    """Return the state_dir of the server that `legwatch up` runs by a file; empty: by none."""
    server = server_by(path)
    return "" if server == path else str(settings_file.changes_file(server).parent)


def _with_changes(path: Path) -> Iterator[str]:
    """Yield what is wrong in the changes that programs have made to good settings."""
    changes = settings_file.changes_file(server_by(path))
    is_there(changes)  # raises CannotRun if we may not look
    try:
        check(_read(path))
    except LegwatchError as error:
        print(f"{changes}: {error}", file=sys.stderr)
        yield str(error)


def _unused(path: Path) -> Iterator[str]:
    """Yield each key of good settings that is not used, since a program has changed it."""
    changes = settings_file.changes_file(server_by(path))
    if is_there(changes):
        written = local(changes.stat().st_mtime_ns // 1_000_000, _read(path).zone_of(""))
        when = f", last written {written:%d %b %Y %H:%M},"
        owners = read_toml(path)
        for one in covered(owners, settings_file.changes_in(changes)):
            yield one.said(changes, when)


def _roles(settings: Any) -> frozenset[str] | None:
    """Return the roles of a bed's sensors; None: no bed, or an empty recording."""
    found: frozenset[str] | None = settings.roles() if hasattr(settings, "roles") else None
    return found


def _made(settings: Any) -> frozenset[str]:
    """Return the roles of a bed's sensors that make their values; none if it is no bed."""
    return settings.made() if hasattr(settings, "made") else frozenset()


def _unread(settings: Any) -> str:
    """Return that nothing of a recording can be played; empty: there is none, or something can."""
    return str(settings.unread()) if hasattr(settings, "unread") else ""


def _untold(settings: Any) -> str:
    """Return what is told to nobody without the server; empty: no bed, or it is told."""
    return str(settings.untold()) if hasattr(settings, "untold") else ""


def _doubts(path: Path, good: Any) -> Iterator[str]:
    """Yield what may be misspelt in good settings, or is missing."""
    if hasattr(good, "doubts"):
        yield from good.doubts()
    if isinstance(good, ServerSettings):
        settings = _read(path)
        try:
            yield from doubts(settings, heard(settings))
        except (LegwatchError, OSError) as error:
            yield f"the beds that were heard are not known, so no name was compared: {error}"
        yield from copied(settings)
        yield from unseen("mqtt.ca_file", settings.mqtt.ca_file)
        yield from zone.concerns(settings)
        yield from settings.concerns()
        yield from untold(settings)
        yield from same_phones(settings)
        yield from _signs_of_carers(path)


def _signs_of_carers(path: Path) -> Iterator[str]:
    """Yield each choice on the early sign under a person who is shown none."""
    people = settings_file.table(path, settings_file.changes_file(server_by(path))).get("people")
    for name, person in (people or {}).items():
        if "early" in person and person.get("role", CARER) == CARER:
            yield f"people.{name}.early: does nothing: only a sleeper is shown the sign"


def _kind(table: Mapping[str, Any], shapes: Mapping[str, type[Any]]) -> str:
    """Return the program whose keys the table uses most; raises SettingsError on a tie."""
    known = {
        kind: len(table.keys() & {field.name for field in dataclasses.fields(shape)})
        for kind, shape in shapes.items()
    }
    best = max(known.values(), default=0)
    kinds = sorted(kind for kind, count in known.items() if count == best)
    if len(kinds) != 1:
        none = f"no kind has the key {next(iter(table))!r}; " if table and not best else ""
        one = f"name the kind of file: one of {', '.join(sorted(shapes))}"
        raise SettingsError("--as", none + one)
    return kinds[0]


def _summary(table: Mapping[str, Any]) -> str:
    parts = [f"{key} {value}" for key, value in table.items() if isinstance(value, str)]
    parts += [f"[{key}]" for key, value in table.items() if isinstance(value, dict)]
    parts += [f"[[{key}]]" for key, value in table.items() if isinstance(value, list)]
    return ", ".join(parts) or "all as it comes"
