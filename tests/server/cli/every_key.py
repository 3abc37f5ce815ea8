"""Every key of the settings, found from what is declared; and values that few keys can take."""

import copy
import dataclasses
import math
import types
import typing
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, NamedTuple

from legwatch.limits.rules import Rules
from legwatch.oncall.people import Person, Shift
from legwatch.options import Option, describe, options_type
from legwatch.settings import word_for
from legwatch_device.settings import AgentSettings
from legwatch_runtime import plugins
from legwatch_server.settings import CHANNELS, BedTable, ServerSettings

AGENT, SERVER = "agent", "server"
ADDRESSES = {
    "ntfy": "legs",
    "pushover": "u" * 30,
    "apprise": "json://host",
    "mqtt": "b",
    "console": "",
    "webpush": "",
}
ODD: dict[str, Any] = {
    "true": True,
    "minus one": -1,
    "zero": 0,
    "2**63": 2**63,
    "-2**63-1": -(2**63) - 1,
    "10**400": 10**400,
    "a fraction": 0.5,
    "1e308": 1e308,
    "-1e308": -1e308,
    "1e-308": 1e-308,
    "infinity": math.inf,
    "minus infinity": -math.inf,
    "nan": math.nan,
    "empty text": "",
    "a word": "word",
    "Other Case": "STANDARD",
    "two lines": "a\nb",
    "nul": "a\x00b",
    "escape": "\x1b[31m",
    "long": "x" * 100_000,
    "missing file": "/nowhere/at/all",
    "folder": "/",
    "no address": "http://[::1",
    "surprise %": "%s{}%(x)s",
    "date": date(2026, 11, 23),
    "moment": datetime(2026, 11, 23, 1, 2),  # noqa: DTZ001 - as TOML may have it
    "list": ["x"],
    "empty list": [],
    "list of lists": [[1]],
    "table": {"x": 1},
    "empty table": {},
}


class Key(NamedTuple):
    """One key: the settings that are good without it, and the way to it."""

    kind: str
    base: dict[str, Any]
    way: tuple[str | int, ...]

    @property
    def name(self) -> str:
        return f"{self.kind}: {'.'.join(map(str, self.way))}"

    def with_value(self, value: Any) -> dict[str, Any]:
        made = copy.deepcopy(self.base)
        at: Any = made
        for step in self.way[:-1]:
            at = at[step] if isinstance(step, int) else at.setdefault(step, {})
        at[self.way[-1]] = value
        return made


def keys(folder: str) -> Iterator[Key]:
    """Yield every key of both settings files; the state folders are in `folder`."""
    server = {"zone": "UTC", "state_dir": f"{folder}/server", "beds": {"b": {}}}
    yield from (Key(SERVER, server, way) for way in _leaves(ServerSettings))
    yield from (Key(SERVER, server, ("beds", "b", *way)) for way in _leaves(BedTable))
    for group, shape in typing.get_type_hints(Rules).items():
        for key in getattr(shape, "_fields", ()):  # the zone is no group of limits
            yield Key(SERVER, server, ("rules", f"{group}.{key}"))
    yield Key(SERVER, server, ("beds", "b", "rules", "warmth.clear_c"))
    people = {"bert": {"channels": ["console"]}}
    manned = {**server, "people": people, "roster": [{"people": ["bert"]}]}
    yield from (Key(SERVER, manned, ("people", "bert", *way)) for way in _leaves(Person))
    yield Key(SERVER, manned, ("people", "bert", "woken_for", "cold"))
    yield from (Key(SERVER, manned, ("roster", 0, *way)) for way in _leaves(Shift))
    yield from _channels(server)
    yield from _agent(folder)


def _channels(server: dict[str, Any]) -> Iterator[Key]:
    for channel in plugins.names(CHANNELS):
        bert: dict[str, Any] = {"channels": [channel], "address": {}}
        if ADDRESSES[channel]:
            bert["address"] = {channel: ADDRESSES[channel]}
        if channel == "webpush":  # it is checked though nobody has it
            bert["channels"] = ["console"]
        base = {**server, "people": {"bert": bert}}
        for option in describe(options_type(plugins.load(CHANNELS, channel, "", "channel"))):
            yield Key(SERVER, base, ("push", channel, option.key))
        yield Key(SERVER, base, ("people", "bert", "address", channel))


def _agent(folder: str) -> Iterator[Key]:
    agent: dict[str, Any] = {"bed": "anna", "state_dir": f"{folder}/agent"}
    yield from (Key(AGENT, agent, way) for way in _leaves(AgentSettings))
    for door in AgentSettings.DOORS:
        if door.table == "recording":
            continue  # its keys are the agent's own
        for name in plugins.names(door.group):
            options = describe(options_type(plugins.load(door.group, name, "", "driver")))
            table: dict[str, Any] = {"driver": name}
            table |= {o.key: _right(o) for o in options if o.required}
            if "silent_s" in [option.key for option in options]:
                table["silent_s"] = 60  # or topics of availability
            table |= {"lamp_pin": 5} if name == "gpio" else {}
            base = copy.deepcopy(agent)
            way = tuple(door.table.split("."))
            at = base
            for step in way[:-1]:
                at = at.setdefault(step, {})
            at[way[-1]] = table
            for option in (*describe(door.place), *options):
                yield Key(AGENT, base, (*way, option.key))


def _right(option: Option) -> Any:
    """Return a value that a key may have."""
    if option.low is not None:
        return option.low
    return True if option.what == word_for(bool) else "word"


def _leaves(shape: type[Any]) -> Iterator[tuple[str, ...]]:
    hints = typing.get_type_hints(shape)
    for field in dataclasses.fields(shape):
        if field.metadata.get("rest"):
            continue
        hint = hints[field.name]
        if isinstance(hint, types.UnionType):
            hint = typing.get_args(hint)[0]
        yield (field.name,)
        if dataclasses.is_dataclass(hint):
            yield from ((field.name, *way) for way in _leaves(typing.cast("type[Any]", hint)))
