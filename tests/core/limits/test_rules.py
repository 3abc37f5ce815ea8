"""Limits and settings: a wrong key is answered by its path and range."""

import tomllib
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legwatch.errors import SettingsError
from legwatch.limits.profile import build, merge, parse_override, parse_profile
from legwatch.settings import load, setting
from repository import BERLIN, PROFILES, rules

STANDARD = merge([parse_profile((PROFILES / "standard.toml").read_text(), "standard")])


def test_every_limit_has_a_range_a_source_and_a_value_within() -> None:
    for path in sorted(PROFILES.glob("*.toml")):
        profile = tomllib.loads(path.read_text())
        merged = merge([STANDARD, profile])
        for group, limits in profile.items():
            if not isinstance(limits, dict):
                continue
            for key in limits:
                limit = merged[group][key]
                low, high = limit["range"]
                assert low <= high
                assert low <= limit["value"] <= high or (limit["value"] == 0 and limit["off"])
                assert len(limits[key].get("source", "")) > 10, f"{path.name}: {group}.{key}"


def test_the_profiles_differ_where_they_say() -> None:
    assert rules("standard").warmth.urgent_c == 24.0
    assert rules("at_risk").warmth.urgent_c == 25.0
    assert rules("at_risk").stillness.warn_s == 7200
    assert rules("at_risk").warmth.warn_c == rules("standard").warmth.warn_c


@pytest.mark.parametrize(
    ("own", "words"),
    [
        ({"warmth.warn_c": 99}, r"warmth\.warn_c: 99\.0 is not allowed; allowed 24 to 30"),
        ({"warmth.warn_c": "28"}, r"warmth\.warn_c: a number is expected"),
        ({"warmth.warn_c": True}, r"warmth\.warn_c: a number is expected"),
        ({"warmth.warn_c": float("nan")}, r"warmth\.warn_c: nan is not allowed"),
        ({"warmth.warn_hold_s": 600.5}, r"warmth\.warn_hold_s: a whole number is expected"),
        ({"warmth.wram_c": 26}, r"warmth\.wram_c: no such limit; perhaps warmth\.warn_c$"),
        ({"cold.plain_c": 26}, r"cold\.plain_c: no such limit; perhaps warmth\.plain_c$"),
        ({"agent_s": 900}, r"agent_s: no such limit; perhaps health\.agent_s$"),
        ({"heat": 26}, r"heat: no such limit$"),
    ],
)
def test_a_wrong_limit_is_answered_with_its_range(own: dict[str, object], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        build(STANDARD, own, zone=BERLIN)


def test_zero_switches_off_only_what_can_be_off() -> None:
    assert build(STANDARD, {"stillness.urgent_s": 0}, zone=BERLIN).stillness.urgent_s == 0
    with pytest.raises(SettingsError, match="urgent_hold_s"):
        build(STANDARD, {"warmth.urgent_hold_s": 0}, zone=BERLIN)


@given(st.floats(24, 30))
def test_any_value_of_the_range_is_taken(value: float) -> None:
    assert build(STANDARD, {"warmth.warn_c": value}, zone=BERLIN).warmth.warn_c == value


def test_an_override_is_key_and_number() -> None:
    assert parse_override("warmth.warn_c=26") == ("warmth.warn_c", 26)
    assert parse_override("warmth.warn_c = 26.5") == ("warmth.warn_c", 26.5)
    for text in ("warmth.warn_c", "warmth.warn_c=warm"):
        with pytest.raises(SettingsError, match=r"warmth\.warn_c"):
            parse_override(text)


@dataclass(frozen=True, slots=True)
class Inner:
    port: int = setting(1883, "the port", low=1, high=65535)
    host: str = setting("localhost", "the host")


@dataclass(frozen=True, slots=True)
class Outer:
    bed: str = setting(..., "the bed")
    speed: float = setting(1.0, "how fast", low=0, high=1000)
    mqtt: Inner = setting(Inner, "the broker")
    channels: tuple[str, ...] = setting(("console",), "where to push")
    kind: str = setting("auto", "which", choices=("auto", "trusted"))
    sensors: dict[str, Inner] = setting({}, "by name")
    note: str | None = setting(None, "anything")


def test_a_table_becomes_a_dataclass_with_its_defaults() -> None:
    got = load(Outer, {"bed": "a", "speed": 2, "mqtt": {"port": 1}, "sensors": {"leg": {}}})
    assert got == Outer("a", 2.0, Inner(1), sensors={"leg": Inner()})


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({}, "bed: this key must be given"),
        ({"bed": 1}, "bed: a text is expected"),
        ({"bed": "a", "sped": 1}, "sped: no such key; known: bed, speed"),
        ({"bed": "a", "mqtt": {"port": 0}}, r"mqtt\.port: 0 is not allowed; allowed 1 to 65535"),
        ({"bed": "a", "mqtt": {"port": True}}, r"mqtt\.port: a whole number is expected"),
        ({"bed": "a", "mqtt": 5}, "mqtt: a table is expected"),
        ({"bed": "a", "channels": "x"}, "channels: a list is expected"),
        ({"bed": "a", "channels": [1]}, r"channels\[0\]: a text is expected"),
        ({"bed": "a", "kind": "x"}, "kind: 'x' is not allowed; one of auto, trusted"),
        ({"bed": "a", "sensors": {"leg": {"port": "x"}}}, r"sensors\.leg\.port: a whole number"),
        ({"bed": "a", "speed": float("nan")}, "speed: nan is not allowed"),
    ],
)
def test_a_wrong_table_is_answered_with_its_path(table: dict[str, object], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        load(Outer, table)
