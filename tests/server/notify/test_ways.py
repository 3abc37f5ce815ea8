"""A test of a way to a person says nothing of another way: what was changed was not tried."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from legwatch.contract.action import Action
from legwatch_server.claims import LinkClaims, TargetKind
from legwatch_server.inbox import Outcome, SettingsLoaded
from legwatch_server.notify.ways import followed, ways
from legwatch_server.settings import ServerSettings
from legwatch_server.store.records import Way
from legwatch_server.testing import InProcessServer
from server.notify.test_rehearsal import HALF_PAST_EIGHT, colours, evening, ward_at_dusk

UNTRIED = "not tried since it was changed"


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[InProcessServer]:
    made = ward_at_dusk(tmp_path)
    loads(made)
    yield made
    made.close()


def loads(ward: InProcessServer, settings: ServerSettings | None = None) -> None:
    """Let the server note what is in force, as it does at a start and after each change."""
    if settings is not None:
        ward.take_over(settings)
    found = ways(ward.settings, b"key")
    ward.turn([SettingsLoaded({}, "salt", "/server.toml", "reload", "restart", "", "UTC", found)])


def moved(settings: ServerSettings, person: str, channel: str) -> ServerSettings:
    """Return settings in which a person has another phone."""
    address = {**settings.people[person].address, channel: "another-phone"}
    people = {**settings.people, person: replace(settings.people[person], address=address)}
    return replace(settings, people=people)


def good(ward: InProcessServer) -> dict[str, bool | None]:
    return {name: way.good for name, way in colours(ward).items() if way.channel != "tap"}


def test_another_address_was_not_tried(ward: InProcessServer) -> None:
    evening(ward)
    assert set(good(ward).values()) == {True}
    ward.clock.advance(60_000)
    loads(ward, moved(ward.settings, "anna", "phone"))
    assert colours(ward)["anna/phone"].why == UNTRIED
    assert [name for name, seen in good(ward).items() if seen is None] == ["anna/phone"]
    ward.run_to(HALF_PAST_EIGHT + 24 * 3_600_000 + 60_000)
    assert good(ward)["anna/phone"]


def test_so_it_is_when_the_server_was_down_meanwhile(ward: InProcessServer) -> None:
    evening(ward)
    ward.clock.advance(60_000)
    ward.close()
    ward.start()
    loads(ward)
    assert set(good(ward).values()) == {True}  # nothing was changed
    ward.close()
    ward.start()
    loads(ward, moved(ward.settings, "anna", "phone"))
    assert colours(ward)["anna/phone"].why == UNTRIED
    ward.close()
    ward.start()
    loads(ward)
    assert colours(ward)["anna/phone"].why == UNTRIED  # and so it is after a third start


def test_another_server_of_the_phone_service_was_not_tried_by_anybody(
    ward: InProcessServer,
) -> None:
    evening(ward)
    ward.clock.advance(60_000)
    options = {**ward.settings.push.options, "phone": {"url": "https://elsewhere.example"}}
    loads(ward, replace(ward.settings, push=replace(ward.settings.push, options=options)))
    untried = [name for name, seen in good(ward).items() if seen is None]
    assert untried == ["anna/phone", "bert/phone", "cleo/phone"]


def test_who_confirmed_by_an_earlier_phone_has_to_confirm_by_this_one(
    ward: InProcessServer,
) -> None:
    evening(ward)
    push = next(got.push for got in ward.pushes.arrived if got.push.to == "bert")
    tap = LinkClaims(TargetKind.DELIVERY, push.id, Action.AWAKE, 0, 0)
    assert ward.answer(tap, b"t") is Outcome.DONE
    ward.clock.advance(60_000)
    loads(ward, moved(ward.settings, "bert", "phone"))
    seen = colours(ward)["bert/tap"]
    assert (seen.good, seen.why) == (
        False,
        "confirmed today, before bert's first channel was changed",
    )


def test_another_secret_is_another_way(
    ward: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = ways(ward.settings, b"key")
    monkeypatch.setenv("LEGWATCH_PHONE_TOKEN", "tk_another")
    after = ways(ward.settings, b"key")
    differ = [name for name, digest in after.items() if digest != before[name]]
    assert differ == ["anna/phone", "bert/phone", "cleo/phone"]


def test_the_brokers_password_is_of_no_way(
    ward: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = {"anna": replace(ward.settings.people["anna"], quiet=("mqtt",))}
    settings = replace(ward.settings, people=people)
    before = ways(settings, b"key")
    assert "anna/mqtt" in before
    monkeypatch.setenv("LEGWATCH_MQTT_PASSWORD", "a new one at each start of `legwatch up`")
    assert ways(settings, b"key") == before


def test_a_store_of_an_earlier_version_keeps_its_tests() -> None:
    assert followed({}, {"anna/phone": "d"}, 5) == {"anna/phone": Way("d", 0)}
