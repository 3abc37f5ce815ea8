"""All installed drivers and channels: each says its keys, and none needs its library for that."""

import dataclasses
import importlib.metadata
import inspect
import json
import subprocess
import sys
from importlib.metadata import EntryPoint
from typing import Any

import pytest

import installed
from legwatch import entry
from legwatch.errors import CannotRun
from legwatch.options import annotated_table, describe, options_type
from legwatch.settings import load, setting
from legwatch_device.settings import AgentSettings
from legwatch_runtime import plugins
from legwatch_server.notify import channels
from legwatch_server.notify.channels import open_channels
from legwatch_server.settings import ServerSettings

GROUPS = {door.group: door for door in (*AgentSettings.DOORS, *ServerSettings.DOORS)}
EVERY = [(group, name) for group in GROUPS for name in plugins.names(group)]
LIBRARIES = (
    *("gpiozero", "adafruit_dht", "board", "lgpio", "apprise", "pywebpush", "py_vapid"),
    *("w1thermsensor", "adafruit_sht4x", "adafruit_sht31d", "adafruit_bme280", "Adafruit_PureIO"),
)
LOADED = f"""
import json, sys
from legwatch.options import annotated_table
from legwatch_device.settings import AgentSettings
from legwatch_runtime import plugins
from legwatch_server.settings import ServerSettings
for door in (*AgentSettings.DOORS, *ServerSettings.DOORS):
    for name in plugins.names(door.group):
        annotated_table(door, name, plugins.load(door.group, name, "x", "driver"))
print(json.dumps([name for name in {LIBRARIES} if name in sys.modules]))
"""


@pytest.mark.parametrize(("group", "name"), EVERY)
def test_each_declares_its_keys_and_gets_them_first(group: str, name: str) -> None:
    kind: Any = plugins.load(group, name, "here", "driver")
    options = options_type(kind)
    assert dataclasses.is_dataclass(options)
    assert next(iter(inspect.signature(kind).parameters)) == "options"
    assert all(option.about for option in describe(options))
    lines = annotated_table(GROUPS[group], name, kind)
    assert max(map(len, lines)) <= 140


def test_the_keys_are_known_without_any_library() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []


@pytest.mark.parametrize(("channel", "library"), [("apprise", "apprise"), ("webpush", "pywebpush")])
def test_only_a_channel_in_use_needs_its_library(
    channel: str, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.delitem(sys.modules, f"{channels.__name__}.webpush_request", raising=False)
    monkeypatch.delattr(channels, "webpush_request", raising=False)
    table: dict[str, Any] = {channel: {"timeout_s": 5.0}}
    assert list(open_channels(load(ServerSettings, {"push": table}))) == ["console"]
    bert = {"channels": [channel], "address": {channel: "json://host"}}
    settings = load(ServerSettings, {"push": table, "people": {"bert": bert}})
    with pytest.raises(CannotRun, match=rf"needs the package {library}: .*legwatch\[{channel}\]"):
        open_channels(settings)


def test_a_package_that_is_broken_is_answered_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    point = EntryPoint("nose", "json:Nose", "legwatch.thermometers")
    monkeypatch.setattr(entry, "_points", installed.look)
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda **_group: [point])
    with pytest.raises(
        plugins.CannotLoad,
        match=r"^here: driver 'nose' \(json:Nose of an unknown package\) cannot be loaded: "
        r"AttributeError: module 'json' has no attribute 'Nose'$",
    ):
        plugins.load("legwatch.thermometers", "nose", "here", "driver")


class Declares:
    @dataclasses.dataclass(frozen=True, slots=True)
    class Options:
        """One key of each kind."""

        pin: int = setting(..., "must be there", low=1, high=27)
        file: str = setting(..., "a file")
        speed_c: float = setting(1.5, "a number", low=0.5, high=2)
        lamp: int | None = setting(None, "another pin", low=3, high=27)
        mode: str = setting("b", "a choice", choices=("a", "b"))
        names: tuple[str, ...] = setting(("x", "ü"), "a list")
        map: dict[str, str] = setting({}, "a table")


def test_each_kind_of_key_is_shown_as_toml() -> None:
    door = GROUPS["legwatch.buttons"]
    lines = annotated_table(door, "bell", Declares)
    assert [" ".join(line.split()) for line in lines] == [
        "[button]",
        'driver = "bell"',
        "# pin = ... # must be there; 1 to 27; must be given",
        "# file = ... # a file; must be given",
        "speed_c = 1.5 # a number; 0.5 to 2 °C",
        "# lamp = ... # another pin; 3 to 27; optional, a whole number",
        'mode = "b" # a choice; one of a, b',
        'names = ["x", "ü"] # a list',
        "map = {} # a table",
    ]
