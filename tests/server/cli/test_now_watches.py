"""A bare foot and an empty bed are named as watched, or it is said why they are not."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from legwatch.contract.bedside_info import RECORDED, BedsideInfo, encode_info
from legwatch.contract.topics import Channel, topic
from legwatch.contract.window import encode_window
from legwatch.testing import live_window, wobbling
from legwatch_server.cli import alerts, beds, duty, now
from legwatch_server.health import _scope
from server.loaded_house import LoadedHouse, loaded_house
from server.ward import BEGIN, MINUTE_MS

RULES = {"alerts.learn_nights": 0, "warmth.early_s": 0, "stillness.joint_s": 0}
CONSOLE: dict[str, Any] = {"channels": ["console"]}
ANNA = CONSOLE | {"role": "sleeper"}
BERT, CLEO = CONSOLE | {"out_of_bed": True}, CONSOLE
NO_ANKLE = "a bare foot alone: needs a thermometer at the ankle ([sensors.ankle])"
MUTE = "the thermometer by the ankle gives no readings"
ALL_THREE = "cold legs, a bare foot and lying still for too long"
WITH_ANKLE = (("leg", "dht22"), ("movement", "gpio_motion"), ("ankle", "dht22"))
AIR, FOOT = wobbling(31), wobbling(30)
Made = Callable[..., LoadedHouse]


def asleep(minute: float) -> dict[str, Any]:
    turns = 2 if minute % 5 < 1 else 0
    ankle = (("ankle_c", FOOT(minute) or 0.0),)
    return {"leg_c": AIR(minute), "room_c": 18.0, "moves": turns, "in_bed": True, "others": ankle}


def no_ankle(minute: float) -> dict[str, Any]:
    return {**asleep(minute), "others": ()}


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Made]:
    """Return what makes a house; its commands have its clock."""
    houses = []

    def make(**table: Any) -> LoadedHouse:
        opened = loaded_house(tmp_path, **{"roster": [], "rules": RULES} | table)
        houses.append(opened)
        house = opened.__enter__()
        for module in (alerts, beds, duty, now):
            monkeypatch.setattr(module, "server_ms", lambda _folder: house.server.clock.now_ms)
        return house

    yield make
    for one in houses:
        one.__exit__(None, None, None)


def announces(house: LoadedHouse, *sensors: tuple[str, str]) -> None:
    info = encode_info(BedsideInfo("0.1.0", "0000000a", window_s=10, sensors=sensors))
    house.server.turn([house.server.message(topic("b", Channel.INFO), info)])


def rows(text: str) -> dict[str, list[str]]:
    """Return the words of each row of `legwatch now`."""
    found: dict[str, list[str]] = {}
    head = ""
    for line in text.splitlines():
        if line.startswith("  "):
            head = line[2:18].strip() or head
            found.setdefault(head, []).append(line[18:].strip())
    return found


def test_a_bed_with_a_thermometer_by_the_ankle_is_watched_for_a_bare_foot(
    made: Made, capsys: pytest.CaptureFixture[str]
) -> None:
    house = made()
    announces(house, *WITH_ANKLE)
    house.server.play("b", 60, asleep)
    for command in ("duty", "beds"):
        assert f"watched for {ALL_THREE}\n" in house.run(capsys, command)[1]
    shown = rows(house.run(capsys, "now")[1])
    assert shown["watched for"][0].startswith("cold legs, a bare foot, lying still, ")
    assert NO_ANKLE not in shown.get("not watched", [])
    (bed,) = house.server.unit.beds.values()
    health = _scope(bed)
    assert (health["watched_for"], health["cannot"], health["not_seen"]) == (ALL_THREE, [], [])


def test_one_that_gives_nothing_is_said_to_watch_no_foot(
    made: Made, capsys: pytest.CaptureFixture[str]
) -> None:
    house = made()
    announces(house, *WITH_ANKLE)
    house.server.play("b", 30, asleep)
    house.server.play("b", 30, no_ankle)
    not_now = f"not now for a bare foot, for {MUTE}"
    both = f"watched for cold legs and lying still for too long; {not_now}"
    for command in ("duty", "beds", "alerts"):
        assert f"{both}\n" in house.run(capsys, command)[1]
    shown = rows(house.run(capsys, "now")[1])
    assert shown["watched for"][0].startswith("cold legs, lying still, ")
    assert f"a bare foot: {MUTE}" in shown["not watched"]
    (bed,) = house.server.unit.beds.values()
    assert _scope(bed)["cannot"] == [f"not now for a bare foot, for {MUTE}"]


def test_without_one_it_is_said_that_a_bare_foot_alone_is_not_seen(
    made: Made, capsys: pytest.CaptureFixture[str]
) -> None:
    house = made()
    announces(house, *WITH_ANKLE[:2])
    house.server.play("b", 30, no_ankle)
    shown = rows(house.run(capsys, "now")[1])
    assert NO_ANKLE in shown["not watched"]
    assert "foot" not in shown["watched for"][0]
    (bed,) = house.server.unit.beds.values()
    assert _scope(bed)["not_seen"] == [NO_ANKLE]


def test_what_the_legs_have_to_show_goes_for_a_foot_as_well(
    made: Made, capsys: pytest.CaptureFixture[str]
) -> None:
    house = made()
    announces(house, *WITH_ANKLE)
    house.server.play("b", 10, lambda m: {**asleep(m), "room_c": 27.0})
    why = rows(house.run(capsys, "now")[1])["not watched"]
    assert "cold legs and a bare foot: the room is warm (26 °C or more)" in why
    assert any(one.startswith("cold legs and a bare foot: judged from") for one in why)


def test_of_a_recording_its_windows_tell_that_there_is_an_ankle(
    made: Made, capsys: pytest.CaptureFixture[str]
) -> None:
    house = made(beds={"b": {"played": True}})
    announces(house, RECORDED)
    for n in range(1, 361):
        window = live_window(n, BEGIN - 600 * MINUTE_MS + n * 10_000, **asleep(n / 6))
        payload = encode_window(window._replace(clock="played"))
        house.server.turn([house.server.message(topic("b", Channel.WINDOW), payload)])
    assert f"watched for {ALL_THREE}\n" in house.run(capsys, "duty")[1]
    assert "cold legs, a bare foot, lying still" in house.run(capsys, "now")[1]


def watch(house: LoadedHouse, capsys: pytest.CaptureFixture[str]) -> tuple[bool, list[str], str]:
    """Return whether an empty bed is watched, why it is not, and who would be told."""
    shown = rows(house.run(capsys, "now", "b")[1])
    watched = "an empty bed" in " ".join(shown["watched for"])
    why = [one for one in shown.get("not watched", []) if one.startswith("an empty bed: ")]
    return watched, [one.removeprefix("an empty bed: ") for one in why], shown["would be told"][0]


def test_an_empty_bed_is_watched_for_carers_who_ask(
    made: Made, capsys: pytest.CaptureFixture[str]
) -> None:
    house = made(people={"anna": ANNA, "bert": BERT, "cleo": CLEO})
    house.server.play("b", 5, asleep)
    first = "nobody has lain there for 10 min in this night yet"
    log = "(console: the server's log, wakes nobody)"
    told = f"anna {log}, then bert {log}, then cleo {log}; an empty bed: bert"
    assert watch(house, capsys) == (False, [first], told)
    house.server.play("b", 10, asleep)
    assert watch(house, capsys) == (True, [], told)
    empty = {"room_c": 18.0, "moves": 0, "in_bed": False}
    house.server.play("b", 15, lambda m: {**empty, "leg_c": 20.0 + m % 3 / 10})
    assert watch(house, capsys) == (True, [], told)
    house.server.play("b", 15, lambda m: {**empty, "leg_c": 20.0 + m % 3 / 10})
    watched, (why,), _ = watch(house, capsys)
    assert (watched, why) == (False, "it was told at 21:36; now only the return is told")


def test_nothing_is_said_of_it_where_nobody_asks(
    made: Made, capsys: pytest.CaptureFixture[str]
) -> None:
    house = made(people={"anna": ANNA, "cleo": CLEO})
    house.server.play("b", 15, asleep)
    assert "empty bed" not in house.run(capsys, "now")[1]


def test_it_is_said_why_an_empty_bed_is_not_watched(
    made: Made, capsys: pytest.CaptureFixture[str]
) -> None:
    house = made(people={"anna": ANNA, "bert": BERT})
    house.server.play("b", 15, lambda m: {**asleep(m), "in_bed": None, "moves": None})
    sensors = "neither a presence sensor nor air and movement together can tell it now"
    assert watch(house, capsys)[:2] == (False, [sensors])
    house.server.play("b", 15, lambda m: {**asleep(m), "in_bed": None})
    assert watch(house, capsys)[:2] == (True, []), "air and movement tell it together"


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        ({"out.after_s": 0}, "its limit is off (out.after_s = 0)"),
        ({"night.from_h": 23}, "only of somebody who gets up from 23 to 5 h it is told"),
    ],
)
def test_an_empty_bed_that_its_limits_leave_out(
    made: Made, capsys: pytest.CaptureFixture[str], rules: dict[str, Any], why: str
) -> None:
    house = made(people={"anna": ANNA, "bert": BERT}, rules=RULES | rules)
    house.server.play("b", 15, asleep)
    assert watch(house, capsys)[:2] == (False, [why])
