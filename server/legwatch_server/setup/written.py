"""Writes the answers into the settings files; whatever else stands there stays, with its comments.

Both files are written beside their places first, and read as the programs will read them. What was
there before lies beside, under another name.
"""

import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from legwatch.errors import CannotRun, SettingsError
from legwatch.oncall.people import SLEEPER
from legwatch.settings import load
from legwatch_runtime.clock import utc_ms
from legwatch_runtime.files import read_text
from legwatch_runtime.rights import is_there, opened_anew, whose
from legwatch_server.kinds import shape_of
from legwatch_server.setup.plan import NTFY, Place, Plan

if TYPE_CHECKING:  # slow to import
    from tomlkit import TOMLDocument

HOUSE_PORT = 8883
AGENT, SERVER = "agent.toml", "server.toml"


def write(plan: Plan, folder: Path) -> list[Path]:
    """Write what the plan says; return the files. Raises LegwatchError, and nothing has changed."""
    texts = {name: text for name, text in _texts(plan, folder) if _differs(folder / name, text)}
    for name, text in texts.items():
        _checked(name, text)
    try:
        for name, text in texts.items():
            with opened_anew(folder / f"{name}.new") as out:
                out.write(text)
                out.flush()
                os.fsync(out.fileno())
        for name in texts:
            _put(folder / name)
    except OSError as error:
        raise CannotRun(f"{folder} cannot be written: {whose(error, folder)}") from None
    return [folder / name for name in texts]


def _texts(plan: Plan, folder: Path) -> Iterator[tuple[str, str]]:
    if plan.place is not Place.SERVER:
        yield AGENT, _agent(plan, _document(folder / AGENT))
    if plan.place is not Place.BED:
        yield SERVER, _server(plan, _document(folder / SERVER))


def _agent(plan: Plan, document: "TOMLDocument") -> str:
    document["bed"] = plan.bed
    sensors = _table(document, "sensors")
    for role in [role for role in sensors if role not in plan.sensors]:
        del sensors[role]
    for role, keys in plan.sensors.items():
        if dict(sensors.get(role, {})) != dict(keys):
            sensors[role] = dict(keys)
    return document.as_string()


def _server(plan: Plan, document: "TOMLDocument") -> str:
    if plan.place is Place.SERVER and not document.get("house", {}).get("port"):
        _table(document, "house")["port"] = HOUSE_PORT
    people = _table(document, "people")
    for name in [n for n, one in people.items() if one.get("role") == SLEEPER]:
        if name != plan.sleeper:
            people[plan.sleeper] = people.pop(name)  # the same person, called otherwise
    person = _table(people, plan.sleeper)
    person["role"] = SLEEPER
    if plan.language != "en" or "language" in person:
        person["language"] = plan.language
    if plan.topic:
        channels = [c for c in person.get("channels", ()) if c != "console"]
        person["channels"] = channels if "ntfy" in channels else ["ntfy", *channels]
        _table(person, "address")["ntfy"] = plan.topic
    ntfy = document.get("push", {}).get("ntfy", {})
    if plan.ntfy != ntfy.get("url", NTFY):
        _table(_table(document, "push"), "ntfy")["url"] = plan.ntfy
    if plan.heartbeat != document.get("heartbeat", {}).get("url", ""):
        _table(document, "heartbeat")["url"] = plan.heartbeat
    return document.as_string()


def _checked(name: str, text: str) -> None:
    """Raise SettingsError for what the agent or the server would refuse."""
    from tomlkit import parse  # noqa: PLC0415 - slow to import

    kind = name.removesuffix(".toml")
    try:
        settings = load(shape_of(kind), parse(text).unwrap())
        settings.check()
    except SettingsError as error:
        raise SettingsError(f"{name}, {error.path}", error.problem) from None


def _document(file: Path) -> "TOMLDocument":
    from tomlkit import TOMLDocument, parse  # noqa: PLC0415 - slow to import
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415

    try:
        return parse(read_text(str(file))) if is_there(file) else TOMLDocument()
    except (TOMLKitError, UnicodeDecodeError) as error:
        raise CannotRun(f"{file} is no TOML, so it was not changed: {error}") from None


def _table(outer: Any, key: str) -> Any:
    from tomlkit import table  # noqa: PLC0415 - slow to import

    if not isinstance(outer.get(key), Mapping):
        outer[key] = table()
    return outer[key]


def _differs(file: Path, text: str) -> bool:
    return not is_there(file) or read_text(str(file)) != text


def _put(file: Path) -> None:
    """Put the new file in its place; the old one stays beside."""
    mode = 0o640
    if file.exists():
        mode = file.stat().st_mode & 0o777
        at = datetime.fromtimestamp(utc_ms() / 1000).astimezone().strftime("%Y-%m-%dT%H%M%S")
        file.with_name(f"{file.name}.before-{at}").write_bytes(file.read_bytes())
        file.with_name(f"{file.name}.before-{at}").chmod(mode)
    fresh = file.with_name(f"{file.name}.new")
    fresh.chmod(mode)
    fresh.replace(file)
