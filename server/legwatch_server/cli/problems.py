"""Every error of a settings file at once: what is wrong is taken out, the rest checked again."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from legwatch.errors import LegwatchError, SettingsError
from legwatch.settings import load
from legwatch_runtime.plugins import CannotLoad
from legwatch_runtime.secrets import secret
from legwatch_runtime.secrets_beside import Locked
from legwatch_server.answer_key import given_key
from legwatch_server.cli.less_a_channel import less_a_channel, less_its_channel
from legwatch_server.cli.less_a_name import entry, less_a_name
from legwatch_server.cli.stand_in import another_bed, named, stand_in
from legwatch_server.notify.channels import load_channel
from legwatch_server.notify.usable import check_typed
from legwatch_server.settings import ServerSettings

MOST = 50  # errors listed at most; a file with more is hardly a settings file


def problems(shape: type[Any], table: Mapping[str, Any], folder: str = "") -> Iterator[str]:
    """Yield every error of a table: remove each wrong key, then check the rest again.

    `folder`: where the server has its store, if that is not the `state_dir` of the table.
    """
    rest = copy.deepcopy(dict(table))
    taken: set[str] = set()
    gone: set[str] = set()  # channels
    for _ in range(MOST):
        try:
            check(load(shape, rest), folder)
        except (SettingsError, CannotLoad) as error:
            path = error.path
            if name := _without_its_channel(rest, error):
                gone.add(name)
                yield str(error)
                continue
            follows = path in taken or _follows(path, taken, gone)
            if not follows:
                yield str(error)
            if (
                less_its_channel(rest, error)
                or another_bed(shape, rest, path)
                or less_a_name(rest, error)
            ):
                continue
            if name := less_a_channel(rest, error):
                gone.add(name)
                continue
            if path in taken:  # missing only because it was removed above: remove its whole table
                path = path.rpartition(".")[0]
            was = named(rest)
            path = _taken_out(rest, path)
            stand_in(rest, was)
            if not path or path in taken:
                return
            taken.add(path)
        except LegwatchError as error:
            yield str(error)
            if not (name := less_a_channel(rest, error)):
                return
            gone.add(name)
        else:
            return


def _without_its_channel(table: dict[str, Any], error: SettingsError | CannotLoad) -> str:
    """Remove the channel that cannot be used from its list, and return it; empty: it is none."""
    *way, key = error.path.split(".")
    if key not in ("channels", "quiet"):
        return ""
    inner = _inner(table, way)
    listed = inner.get(key)
    names = [name for name in listed if isinstance(name, str)] if isinstance(listed, list) else []
    name = next((name for name in names if _is_of(error, name)), "")
    if name:
        inner[key] = [other for other in names if other != name]
        if not inner[key]:  # an empty list would be a new error
            del inner[key]
    return name


def _is_of(error: SettingsError | CannotLoad, channel: str) -> bool:
    """Return True if a channel alone gives this error."""
    try:
        load_channel(channel, error.path)
    except LegwatchError as its:
        return str(its) == str(error)
    return False


def _inner(table: dict[str, Any], way: Sequence[str]) -> dict[str, Any]:
    """Return the table at the end of a way; one that is not there is empty."""
    for key in way:
        found = table.get(key)
        table = found if isinstance(found, dict) else {}
    return table


def _follows(path: str, taken: set[str], gone: set[str]) -> bool:
    """Return True if an error may come only from what was removed: of its table, or its channel."""
    head, *tail = path.split(".")
    channel = tail[0] if head == "push" and tail else ""
    if channel in gone or (tail[1:2] == ["address"] and tail[-1] in gone):
        return True
    if head.startswith("roster[") and tail in (["people"], ["beds"]) and taken & {"people", "beds"}:
        return True  # nobody is left whom a shift could name
    return any(
        wrong.startswith(f"{path}.")
        or path.startswith(f"{wrong}.")
        or (channel and wrong.rpartition(".")[2] == channel)
        for wrong in taken
    )


def check(settings: Any, folder: str = "") -> None:
    """Check the rules between values, and the channels; types and ranges are checked before."""
    if hasattr(settings, "check"):
        settings.check()
    if hasattr(settings, "check_by_day"):
        settings.check_by_day()
    with suppress(Locked):
        secret("LEGWATCH_MQTT_PASSWORD")
    if isinstance(settings, ServerSettings):
        check_typed(replace(settings, state_dir=folder) if folder else settings)
        given_key()


def _taken_out(table: dict[str, Any], path: str) -> str:
    """Remove what is wrong, and return its path: of a key that is missing that of its table."""
    while path and not _take_out(table, path):
        path = path.rpartition(".")[0]
    return path


def _take_out(table: dict[str, Any], path: str) -> bool:
    """Remove the key at a dotted path, also inside rules and beds; False if there is none."""
    tables = [table, table.get("rules")]
    beds = table.get("beds")
    if isinstance(beds, dict):
        own = [bed for bed in beds.values() if isinstance(bed, dict)]
        tables += [*own, *(bed.get("rules") for bed in own)]
    removed = [_remove(part, path) for part in tables if isinstance(part, dict)]
    return any(removed)


def _remove(table: dict[str, Any], path: str) -> bool:
    if path in table:
        del table[path]
        return True
    head, dot, tail = path.partition(".")
    if dot and "[" in head and (inner := entry(table, head)) is not None:
        return _remove(inner, tail)
    head = head.partition("[")[0]  # a list is removed as a whole
    inner = table.get(head)
    if dot and isinstance(inner, dict):
        return _remove(inner, tail)
    if not dot and head in table:
        del table[head]
        return True
    return False
