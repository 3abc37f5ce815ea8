"""`legwatch settings`: show what was changed, change one key, and take a change back."""

import argparse
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

from legwatch.errors import CannotRun, LegwatchError, SettingsError
from legwatch.limits.rules import Rules
from legwatch.options import toml
from legwatch_runtime import locations, streams
from legwatch_runtime.files import read_toml
from legwatch_runtime.process import EXITS
from legwatch_runtime.rights import is_there
from legwatch_runtime.secrets_beside import beside
from legwatch_runtime.state_dir import is_held
from legwatch_server import settings_file
from legwatch_server.cli.newcomer import newcomer
from legwatch_server.cli.on_disk import judged
from legwatch_server.covered import covered, flat
from legwatch_server.fixed_limits import check_key
from legwatch_server.in_force import LOCK, changes_beside
from legwatch_server.meant import meant
from legwatch_server.notify.usable import check_typed
from legwatch_server.settings import needs_start, of_server
from legwatch_server.settings_file import changed_keys


def main(argv: Sequence[str]) -> int:
    """Run `legwatch settings`; 0 done, 1 not possible now, 2 a wrong key or value."""
    args = _parser().parse_args(argv)
    path = meant(args.config)
    _check_key(getattr(args, "key", ""))
    with beside(path, settings_file.owners_file(path)) as place:
        _act(args, path)
    for sentence in place.unchecked():
        print(sentence, file=sys.stderr)
    return 0


def _act(args: argparse.Namespace, path: Path) -> None:
    match args.action:
        case "set":
            check_key(args.key)
            value = _value(args.value)
            _check_whole(args.key, value)
            new = newcomer(path, args.key)
            settings_file.change(path, {args.key: value}, check_typed)
            _tell(f"{args.key} = {args.value}: {_when(path, [args.key])}", new)
        case "reset":
            settings_file.change(path, {args.key: None}, check_typed)
            owners = settings_file.owners_file(path) or path
            _tell(f"{args.key} is again what {owners} says: {_when(path, [args.key])}")
        case "undo":
            _tell(_undone(path))
        case _:
            _show(path)


def _tell(*sentences: str) -> None:
    """Print what a change that was made means."""
    with streams.after(settings_file.CHANGED):
        for sentence in filter(None, sentences):
            print(sentence)


def _parser() -> argparse.ArgumentParser:
    config = argparse.ArgumentParser(add_help=False)
    config.add_argument("--config", type=Path, metavar="FILE", help=locations.CONFIG_HELP)
    parser = argparse.ArgumentParser(
        prog="legwatch settings",
        description="Show or change the server's settings. A change takes effect within seconds,"
        " and the server's settings file stays as it is.",
        epilog=EXITS,
        parents=[config],
    )
    inner = argparse.ArgumentParser(add_help=False)
    inner.add_argument("--config", type=Path, default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    change = actions.add_parser(
        "set", help="set one key, such as: set push.channels '[\"ntfy\"]'", parents=[inner]
    )
    change.add_argument("key", metavar="KEY")
    change.add_argument("value", metavar="VALUE", help="as in TOML; a text needs no quotes")
    back = actions.add_parser("reset", help="take the changes of one key back", parents=[inner])
    back.add_argument("key", metavar="KEY")
    actions.add_parser("undo", help="take the last change back", parents=[inner])
    return parser


def _check_key(key: str) -> None:
    """Raise SettingsError for a limit that is named as in `replay --set`, without its table."""
    group, dot, _limit = key.partition(".")
    if dot and group in {field.name for field in fields(Rules)}:
        raise SettingsError(key, f"no such key; a limit is rules.{key}")


def _check_whole(key: str, value: Any) -> None:
    """Raise SettingsError for a whole table: all changes in it would be lost, unsaid."""
    if isinstance(value, dict) and "." not in key:
        problem = f"a table is not set as a whole; set its keys, such as {key}.NAME.KEY"
        raise SettingsError(key, problem)


def _undone(path: Path) -> str:
    file, before = settings_file.changes_file(path), None
    with suppress(SettingsError):  # what was changed by hand may be no TOML: then it is taken back
        before = settings_file.changes_in(file)
    settings_file.undo(path, check_typed)
    after = settings_file.changes_in(file)
    keys = () if before is None else tuple(changed_keys(before, after))
    owners, given = settings_file.owners_file(path) or path, dict(flat(after))
    now = "; ".join(
        f"{key} = {toml(given[key])}" if key in given else f"{key} is again what {owners} says"
        for key in keys
    )
    which = f": {now}" if now else ""
    return f"The last change is taken back{which}. The same command once more makes it again."


def _value(text: str) -> Any:
    """Return the value of a TOML text; what is no TOML value is a text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        return text


def _when(path: Path, keys: Sequence[str]) -> str:
    if not is_held(settings_file.changes_file(path).parent / LOCK):
        return "the server is not running, so it takes effect at its next start"
    if keys and not of_server(keys):
        return "it takes effect when `legwatch history` is started again"
    if needs_start(keys):
        return "it takes effect when the server is started again"
    return "a running server takes it over within seconds"


def _show(path: Path) -> None:
    """Print what was changed and since when it is in force; the first also without the store."""
    try:
        found = judged(path)
    except CannotRun:
        print("\n".join(_changes(path)))
        raise
    print("\n".join(_changes(path)))
    if found.loaded is not None:
        print(found.since())
    found.say()


def _changes(path: Path) -> Iterator[str]:
    file = changes_beside(path)
    owners = settings_file.owners_file(path)
    given = owners or "none (`legwatch up --config FILE` takes some)"
    made = f"; `legwatch up` makes {path} from them" if owners and owners != path else ""
    yield f"The owner's settings: {given}{made}"
    changes = read_toml(file) if is_there(file) else {}
    if changes:
        yield f"Changed by programs: {file}"
        unused = _unused(owners, changes)
        for key, value in flat(changes):
            beside = f"  ({unused[key]} in {owners} is not used)" if key in unused else ""
            yield f"  {key} = {toml(value)}{beside}"
    else:
        yield "Nothing was changed by a program."


def _unused(owners: Path | None, changes: Mapping[str, Any]) -> dict[str, str]:
    """Return the values in the owner's file that are not used, by their keys."""
    with suppress(LegwatchError):  # what is wrong with the file is said beside
        return {one.key: one.own for one in covered(read_toml(owners), changes)} if owners else {}
    return {}
