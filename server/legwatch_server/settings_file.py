"""The files of the settings: the owner's, and the changes that programs have made.

The owner's file may be read-only, as it is under systemd and in a container. So a program changes
`changes.toml` in the state folder, which is always writable. Its keys go before the owner's. This
file is the only place that writes settings.

One key is written without being asked for: the time zone, at the first start, if nobody has set it.
It goes into the owner's file, or else into a table of the changes after which everything else goes.
"""

import contextlib
import fcntl
import os
import stat
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from legwatch.errors import CannotRun, SettingsError
from legwatch.settings import load
from legwatch_runtime.files import read_text, read_toml
from legwatch_runtime.rights import is_there, opened_anew, whose
from legwatch_server.settings import ServerSettings

if TYPE_CHECKING:  # slow to import, and only a change needs it
    from tomlkit import TOMLDocument

NAME, BEFORE = "changes.toml", "changes.before.toml"
OF_UP = "# `legwatch up` makes this file anew at each start"  # then the file that it is made from
AGENTS = "agent.toml"  # beside the server's settings that `legwatch up` has made
CHANGED = "the change was made"  # said even if the rest of the words does not get out
FIRST = "first_start"  # table of the changes: the owner's keys go before it
HEAD = "# Changes by the programs of legwatch; each key here goes before the same key of {file}.\n"


def read(path: Path, given: Mapping[str, Any] | None = None) -> ServerSettings:
    """Read and check the settings with all changes; raises SettingsError with the key's path.

    `given`: their table, if it was read already.
    """
    try:
        return checked(table(path) if given is None else given)
    except SettingsError as error:
        file = changes_file(path)
        if not is_there(file):
            raise
        try:
            checked(read_toml(path))
        except SettingsError:  # the owner's file is wrong itself; yet a change may name its people
            raise error from None
        why = f"{error.problem}; it was changed in {file}: `legwatch settings undo`"
        raise SettingsError(error.path, why) from None


def table(path: Path, changes: Path | None = None) -> dict[str, Any]:
    """Return the owner's table with all changes, not checked yet; raises SettingsError."""
    owners = read_toml(path)
    return in_force(owners, changes_in(changes or changes_file(path, owners)))


def changes_in(file: Path) -> dict[str, Any]:
    """Return the table of a file of changes, empty if there is none; raises SettingsError."""
    return read_toml(file) if is_there(file) else {}


def in_force(owners: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what counts of both tables: a change, else the owner's key, else the first start's."""
    first = changes.get(FIRST, {})
    if not isinstance(first, Mapping) or first.keys() - {"zone"}:
        raise SettingsError(FIRST, "only the zone that was found at the first start stands here")
    rest = {key: value for key, value in changes.items() if key != FIRST}
    return _laid_over({**first, **owners}, rest)


def checked(table: Mapping[str, Any]) -> ServerSettings:
    """Return the settings of a table; raises SettingsError."""
    settings = load(ServerSettings, table)
    settings.check()
    return settings


def changes_file(path: Path, owners: Mapping[str, Any] | None = None) -> Path:
    """Return the file of the changes to the settings in `path`; raises SettingsError.

    `owners`: the table of `path`, if it was read already: that of many beds takes time to read.
    """
    usual = next(f.default for f in fields(ServerSettings) if f.name == "state_dir")
    found = read_toml(path) if owners is None else owners
    given = {"state_dir": found.get("state_dir", usual)}
    return Path(load(ServerSettings, given).state_dir) / NAME


Check = Callable[[ServerSettings], object]  # what `ServerSettings.check` cannot: the channels


def only_itself(_settings: ServerSettings) -> None:
    """Check nothing more: for changes that concern no channel."""


def change(path: Path, values: Mapping[str, Any], check: Check = only_itself) -> ServerSettings:
    """Set keys, such as `push.channels`, together; a value None takes a change back.

    The settings are checked as a whole, and by `check`, before anything is written. Raises
    LegwatchError; the files are then unchanged.
    """
    _check_free(path, values)
    file = changes_file(path)
    with _locked(file):
        document = _document(file, path)
        before = document.unwrap()
        for key, value in values.items():
            _put(document, key, value)
        settings = checked(in_force(read_toml(path), document.unwrap()))
        check(settings)
        if document.unwrap() != before:  # what changes nothing is nothing to take back
            _write(file, document.as_string())
    return settings


def ask_again(path: Path) -> None:
    """Let a running server read once more what it has refused; it may take it now."""
    file = changes_file(path)
    with _locked(file):
        file.touch()


def _check_free(path: Path, values: Mapping[str, Any]) -> None:
    """Raise SettingsError for a new value of a key that no change may set."""
    given = [key for key, value in values.items() if value is not None]
    if is_of_up(path):  # with another broker the server would hear nothing
        for key in given:
            table, _, name = key.partition(".")
            if table == "state_dir" or (table == "mqtt" and name != "keepalive_s"):
                raise SettingsError(key, "`legwatch up` sets this itself; it cannot be changed")
    if "state_dir" in values:
        raise SettingsError("state_dir", f"it says where changes are kept: change it in {path}")


def with_bed_of(agent: Mapping[str, Any], table: Mapping[str, Any]) -> dict[str, Any]:
    """Declare the bed of the agent that `legwatch up` starts, so that it is missed in any case.

    Also an agent that ends before it can say a word would else be missed by nobody. If it plays a
    recording, the server uses the recording's time.
    """
    bed, beds = str(agent.get("bed", "")), table.get("beds", {})
    if not bed:
        return dict(table)
    played = {"played": True} if agent.get("recording") else {}
    return {**table, "beds": {**beds, bed: {**beds.get(bed, {}), **played}}}


def head_of_up(owners: Path | None) -> str:
    """Return the first line of a file that `legwatch up` makes, from the owner's or from none."""
    return f"{OF_UP} from {owners.absolute()}\n" if owners else f"{OF_UP}\n"


def is_of_up(path: Path) -> bool:
    """Return True if `legwatch up` has made the file."""
    return _first_line(path).startswith(OF_UP)


def owners_file(path: Path) -> Path | None:
    """Return the owner's file: this one, or the one that it was made from; None: made from none."""
    first = _first_line(path)
    if not first.startswith(OF_UP):
        return path
    named = first.removeprefix(OF_UP).removeprefix(" from ")
    return Path(named) if named else None


def _first_line(path: Path) -> str:
    try:
        return (read_text(str(path)).splitlines() or [""])[0]
    except (OSError, UnicodeDecodeError):
        return ""  # what is wrong with the file is said where its keys are read


def undo(path: Path, check: Check = only_itself) -> ServerSettings:
    """Take the last change back, and the second time make it again; raises LegwatchError."""
    file = changes_file(path)
    with _locked(file):
        before = file.with_name(BEFORE)
        if not is_there(before):
            raise CannotRun("no change was made: there is nothing to take back")
        document = _document(before, path)
        settings = checked(in_force(read_toml(path), document.unwrap()))
        check(settings)
        _write(file, document.as_string())
    return settings


def write_zone(zone: str, owners: Path | None, changes: Path) -> Path:
    """Write the zone of the first start into the owner's file, or else into the changes.

    Return the file that has it now; raises LegwatchError if neither can be written.
    """
    if owners is not None and _zone_on_top(owners, zone):
        return owners
    with _locked(changes):
        for file in (changes, changes.with_name(BEFORE)):  # no `undo` takes it back
            if file == changes or is_there(file):
                document = _document(file, owners or changes.parent.with_suffix(".toml"))
                document[FIRST] = {"zone": zone}
                _replace(file, document.as_string())
    return changes


def _zone_on_top(owners: Path, zone: str) -> bool:
    """Write the zone as the first line of the owner's file; False if that cannot be.

    All other lines stay as they are. A file that nobody may write is left alone, by root, too.
    """
    file = owners.resolve()  # not the link to it
    try:
        found, text = file.stat(), read_text(str(file))
        new = f'zone = "{zone}"  # of this machine at the first start\n{text}'
        if not found.st_mode & 0o222 or tomllib.loads(new) != {"zone": zone, **tomllib.loads(text)}:
            return False
        os.close(os.open(file, os.O_WRONLY))
        if os.geteuid() not in {0, found.st_uid}:  # it would then belong to us
            return False
        _replace(file, new, found)
    except (OSError, ValueError):
        return False
    return True


def changed_keys(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """Yield the dotted path of each key whose value differs between two tables."""
    for key in {**before, **after}:
        old, new = before.get(key), after.get(key)
        if isinstance(old, Mapping | None) and isinstance(new, Mapping | None):
            inner = [*changed_keys(old or {}, new or {}), *_declared(key, old or {}, new or {})]
            yield from (f"{key}.{name}" for name in inner)
        elif old != new:
            yield key


def _declared(key: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Yield who came or went without a key of their own: an empty table declares a bed, too."""
    if key in ("beds", "people"):
        for name in {**old, **new}:
            keys = old.get(name, new.get(name))
            known = name in old and name in new
            if not known and isinstance(keys, Mapping) and not any(changed_keys({}, keys)):
                yield name


def _laid_over(owners: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    laid = dict(owners)
    for key, value in changes.items():
        own = laid.pop(key, None)  # put last: of two spellings of a key the last counts
        both = isinstance(own, Mapping) and isinstance(value, Mapping)
        laid[key] = _laid_over(own, value) if both else value
    return laid


def _document(file: Path, path: Path) -> "TOMLDocument":
    import tomlkit  # noqa: PLC0415 - only a change needs it
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415

    try:
        return tomlkit.parse(read_text(str(file)) if is_there(file) else _head(path))
    except (TOMLKitError, UnicodeDecodeError) as error:
        raise SettingsError(str(file), f"not TOML: {error}") from None


def _head(path: Path) -> str:
    return HEAD.format(file=owners_file(path) or path)


def _put(document: "TOMLDocument", key: str, value: Any) -> None:
    from tomlkit import table as new_table  # noqa: PLC0415 - only a change needs it

    *tables, name = _parts(key)
    table: Any = document
    way: list[tuple[Any, str]] = []
    for part in tables:
        if part not in table:
            if value is None:
                raise CannotRun(f"{key} was not changed: there is nothing to take back")
            table[part] = new_table()
        way.append((table, part))
        table = table[part]
        if not isinstance(table, Mapping):
            raise SettingsError(key, f"{part} is not a table")
    if value is not None:
        table[name] = value
    elif name in table:
        del table[name]
        for outer, part in reversed(way):  # an empty table can mean something: a person, a bed
            if not outer[part]:
                del outer[part]
    else:
        raise CannotRun(f"{key} was not changed: there is nothing to take back")


def _parts(key: str) -> Sequence[str]:
    """Split a dotted path. Limits are flat: `rules.warmth.warn_c` is `warmth.warn_c` in `rules`."""
    parts = key.split(".")
    if not all(parts):
        raise SettingsError(key, "a key such as push.channels is expected")
    if "rules" in parts[:-2]:
        at = parts.index("rules") + 1
        return (*parts[:at], ".".join(parts[at:]))
    return parts


@contextlib.contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Let no other program change the file of the changes meanwhile. Raises CannotRun."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with opened_anew(file.with_suffix(".lock")) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    except OSError as error:
        why = whose(error, file, reads=True)
        raise CannotRun(f"{file} cannot be written: {why}") from None


def _write(file: Path, text: str) -> None:
    """Replace the file as a whole, and keep the last one for `undo`: both, or neither."""
    last = file.read_text(encoding="utf-8", errors="replace") if is_there(file) else ""
    new = _written(file, text)  # on a full disk it fails here, and there is nothing to undo
    _replace(file.with_name(BEFORE), last)
    new.replace(file)


def _replace(file: Path, text: str, was: os.stat_result | None = None) -> None:
    """Write a file anew, so that it is the old one or the new one, with the rights that it had."""
    _written(file, text, was).replace(file)


def _written(file: Path, text: str, was: os.stat_result | None = None) -> Path:
    """Write what a file will be beside it; return where."""
    new = file.with_suffix(".new")
    with opened_anew(new) as made:
        made.write(text)
        made.flush()
        if was is not None:
            os.fchmod(made.fileno(), stat.S_IMODE(was.st_mode))
            if os.geteuid() == 0:
                os.fchown(made.fileno(), was.st_uid, was.st_gid)
        os.fsync(made.fileno())
    return new
