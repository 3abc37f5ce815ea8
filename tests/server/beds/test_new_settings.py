"""A running server takes new settings over: from the next window on, for all that waits, or not."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from legwatch.settings import load
from legwatch_server.settings import ServerSettings
from legwatch_server.testing import InProcessServer
from server.notify.test_escalation import PEOPLE, cold
from server.ward import open_ward

OWN = {"stillness.joint_s": 0, "alerts.wait_s": 0}


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[InProcessServer]:
    made = open_ward(tmp_path, people=PEOPLE, rules=OWN)
    yield made
    made.close()


def changed(people: dict[str, Any] = PEOPLE, **more: Any) -> ServerSettings:
    rules = {"alerts.learn_nights": 0, "warmth.early_s": 0, **OWN, **more.pop("rules", {})}
    table = {"zone": "UTC", "answers": {"url": "https://legs.example"}, "people": people, **more}
    made = load(ServerSettings, {**table, "rehearsal": {"at": ""}, "rules": rules})
    made.check()
    return made


def loud(ward: InProcessServer) -> list[str]:
    return [person for _, person, _, _ in ward.notified("loud")]


def in_a_warm_room(minute: float) -> dict[str, Any]:
    return cold(minute) | {"room_c": 24.0}


def test_a_new_limit_counts_from_the_next_minute_on(ward: InProcessServer) -> None:
    ward.play("b", 100, in_a_warm_room)
    ward.take_over(changed(rules={"warmth.warm_room_c": 23.0}))
    ward.play("b", 40, in_a_warm_room)
    assert loud(ward) == []
    ward.take_over(changed())
    ward.play("b", 40, in_a_warm_room)
    assert loud(ward)[:1] == ["anna"]


def test_the_same_settings_once_more_change_nothing(tmp_path: Path) -> None:
    heard = []
    for times in (0, 1, 40):
        (tmp_path / str(times)).mkdir()
        ward = open_ward(tmp_path / str(times), people=PEOPLE, rules=OWN)
        for minute in range(160):
            ward.play("b", 1, cold)
            if minute >= 160 - times:
                ward.take_over(ward.settings)
        heard.append((ward.notified(), ward.transitions()))
        ward.close()
    assert heard[0][1] == ["fired", "raised"]
    assert heard[0] == heard[1] == heard[2]


def test_who_is_no_longer_there_is_not_waited_for(ward: InProcessServer) -> None:
    ward.play_until_loud("b", cold)
    assert loud(ward) == ["anna"]
    ward.take_over(changed({name: PEOPLE[name] for name in ("anna", "cleo")}))
    ward.play("b", 12, cold)
    assert loud(ward) == ["anna", "cleo"]  # bert is gone, and cleo takes his turn at once


def test_another_person_on_duty_takes_the_place_of_who_was_to_be_next(
    ward: InProcessServer,
) -> None:
    ward.play_until_loud("b", cold)
    ward.take_over(changed(roster=[{"people": ["anna", "cleo"]}]))
    ward.play("b", 12, cold)
    assert loud(ward) == ["anna", "cleo"]


def test_a_new_channel_is_used_and_an_old_one_no_longer(ward: InProcessServer) -> None:
    ward.play("b", 60, cold)
    people = {**PEOPLE, "anna": {**PEOPLE["anna"], "channels": ["pager"]}}
    ward.take_over(changed(people))
    ward.play_until_loud("b", cold)
    assert [channel for _, channel, push in ward.pushes.arrived if push.purpose == "loud"] == [
        "pager"
    ]


def test_new_settings_survive_a_restart_in_between(ward: InProcessServer) -> None:
    ward.play_until_loud("b", cold)
    ward.take_over(changed(roster=[{"people": ["anna", "cleo"]}]))
    ward.restart()
    ward.play("b", 12, cold)
    assert loud(ward) == ["anna", "cleo"]
