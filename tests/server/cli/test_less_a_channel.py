"""`legwatch check-config` says in one go what is wrong with each channel that cannot be built."""

from collections.abc import Callable
from typing import Any

import pytest

from legwatch.errors import CannotRun
from legwatch_server.cli.problems import problems
from legwatch_server.notify.channels import Notifier
from legwatch_server.notify.channels.ntfy import Ntfy
from legwatch_server.notify.channels.pushover import Pushover
from legwatch_server.settings import ServerSettings

TOPIC = "a topic must be given for the ntfy channel"
KEY = "a user key must be given for the pushover channel"
TOKEN = "push.pushover: the application's token is missing: set LEGWATCH_PUSHOVER_TOKEN"
USER = "u" * 30


def said(**table: Any) -> list[str]:
    return list(problems(ServerSettings, {"zone": "UTC", **table}))


@pytest.mark.parametrize("key", ["channels", "quiet"])
def test_of_each_address_that_a_person_lacks(key: str) -> None:
    a = {key: ["ntfy", "pushover"]}
    lines = [f"people.a.address.ntfy: {TOPIC}", f"people.a.address.pushover: {KEY}"]
    assert said(people={"a": a}) == lines
    assert said(people={"a": {**a, "address": {}}}) == lines


def test_of_each_address_of_a_person_that_is_wrong() -> None:
    a = {"channels": ["ntfy", "pushover"], "address": {"ntfy": "a b", "pushover": "x"}}
    first, second = said(people={"a": a})
    assert first.startswith("people.a.address.ntfy: a topic is ")
    assert second.startswith("people.a.address.pushover: ")


def test_of_those_who_have_the_channels_of_all() -> None:
    push = {"channels": ["ntfy", "pushover"]}
    assert sorted(said(people={"a": {}, "b": {}}, push=push)) == [
        f"people.a.address.ntfy: {TOPIC}",
        f"people.a.address.pushover: {KEY}",
        f"people.b.address.ntfy: {TOPIC}",
        f"people.b.address.pushover: {KEY}",
    ]
    assert said(push=push) == [f"push.ntfy.topic: {TOPIC}", f"push.pushover.user: {KEY}"]


def test_of_a_token_beside_the_address_of_somebody() -> None:
    people = {
        "a": {"channels": ["pushover"]},
        "b": {"channels": ["pushover", "ntfy"], "address": {"pushover": USER}},
    }
    lines = [f"people.a.address.pushover: {KEY}", TOKEN, f"people.b.address.ntfy: {TOPIC}"]
    for push in ({}, {"pushover": {"timeout_s": 5}}):
        assert said(people=people, push=push) == lines


def test_but_not_of_what_follows_from_another_error() -> None:
    a = {"channels": ["ntfy", "pushover"], "address": 3}
    b = {"channels": ["pushover", "ntfy"], "address": {"pushover": USER}}
    lines = said(people={"a": a, "b": b}, push={"pushover": {"tiemout_s": 5}})
    assert sorted(line.partition(": ")[0] for line in lines) == [
        "people.a.address",
        "people.b.address.ntfy",
        "push.pushover.tiemout_s",
    ]


def stops(why: str) -> Callable[..., Notifier]:
    def start(*_: Any) -> Notifier:
        raise OSError(why)

    return start


@pytest.mark.parametrize("table", [{}, {"ntfy": {"topic": "t"}, "pushover": {"user": USER}}])
def test_of_each_channel_that_cannot_start(
    monkeypatch: pytest.MonkeyPatch, table: dict[str, Any]
) -> None:
    monkeypatch.setattr(Ntfy, "__init__", stops("no room"))
    monkeypatch.setattr(Pushover, "__init__", stops("no air"))
    people = {"a": {"channels": ["ntfy", "pushover", "console"]}, "b": {"channels": ["ntfy"]}}
    assert said(people=people, push=table) == [
        "push.ntfy: the channel cannot start: no room",
        "push.pushover: the channel cannot start: no air",
    ]


def test_what_no_channel_can_help_ends_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    def check(*_: Any) -> None:
        raise CannotRun("the disk is gone")

    monkeypatch.setattr("legwatch_server.cli.problems.check_typed", check)
    assert said() == ["the disk is gone"]
