"""The shipped profiles: every limit has a value, a range and a source."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from legwatch.errors import SettingsError
from legwatch.limits.profile import merge
from legwatch_runtime import profiles

UTC = ZoneInfo("UTC")


def limits(name: str) -> list[tuple[str, dict[str, Any]]]:
    merged = merge(profiles._chain(name))
    return [
        (f"{group}.{key}", dict(limit)) for group in merged for key, limit in merged[group].items()
    ]


def test_the_known_profiles_are_there() -> None:
    assert {"standard", "at_risk"} <= set(profiles.names())


@pytest.mark.parametrize("name", profiles.names())
def test_every_limit_has_value_range_and_source(name: str) -> None:
    found = limits(name)
    assert len(found) > 50
    for path, limit in found:
        low, high = limit["range"]
        assert low <= high, path
        assert low <= limit["value"] <= high or (limit["value"] == 0 and limit["off"]), path
        assert len(limit["source"].split()) >= 3, path


@pytest.mark.parametrize("name", profiles.names())
def test_every_profile_makes_rules(name: str) -> None:
    rules = profiles.rules_for(name, {}, UTC)
    assert rules.zone is UTC
    assert rules.warmth.urgent_c < rules.warmth.plain_c <= rules.warmth.warn_c


def test_a_profile_lies_over_its_base_and_the_owner_over_both() -> None:
    standard = profiles.rules_for("standard", {}, UTC)
    at_risk = profiles.rules_for("at_risk", {"warmth.warn_c": 26}, UTC)
    assert at_risk.warmth.urgent_c == 25.0 != standard.warmth.urgent_c
    assert at_risk.warmth.plain_c == standard.warmth.plain_c
    assert at_risk.warmth.warn_c == 26.0


def test_an_unknown_profile_is_answered_with_those_known() -> None:
    with pytest.raises(SettingsError, match="at_risk, standard"):
        profiles.rules_for("nope", {}, UTC)


@pytest.mark.parametrize("name", ["../standard", "standard.toml", ""])
def test_a_profile_is_a_name_and_no_path(name: str) -> None:
    with pytest.raises(SettingsError):
        profiles.rules_for(name, {}, UTC)


@pytest.mark.parametrize(
    ("path", "value", "wanted"),
    [
        ("warmth.warn_c", 99, "24 to 30"),
        ("warmth.warn_c", "warm", "a number"),
        ("warmth.warn_c", True, "a number"),
        ("warmth.settle_s", 1.5, "a whole number"),
        ("warmth.colour", 1, "no such limit"),
        ("warn_c", 26, "no such limit"),
    ],
)
def test_a_wrong_limit_is_named_with_what_is_allowed(path: str, value: Any, wanted: str) -> None:
    with pytest.raises(SettingsError, match=wanted) as caught:
        profiles.rules_for("standard", {path: value}, UTC)
    assert caught.value.path == path


@pytest.mark.parametrize("profile", profiles.names())
def test_what_a_limit_comes_from_can_be_read_alone(profile: str) -> None:
    for path, source in profiles.sources(profile).items():
        assert source.partition(" ")[0] not in {"and", "or", "but", "then"}, path
