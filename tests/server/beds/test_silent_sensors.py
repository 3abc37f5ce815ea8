"""A sensor that was set up and never delivers is told, and so are agents without a sensor."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from legwatch.conditions.verdict import Reason
from legwatch.contract.bedside_info import BedsideInfo, encode_info
from legwatch.contract.topics import Channel, topic
from legwatch.contract.window import encode_window
from legwatch.testing import live_window
from legwatch_server.beds.expected import contested
from legwatch_server.testing import InProcessServer
from server.ward import MINUTE_MS, open_ward

ALL: dict[str, Any] = {"leg_c": 31.0, "room_c": 18.0, "moves": 1, "in_bed": True}


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[InProcessServer]:
    made = open_ward(tmp_path)
    yield made
    made.close()


def says(server: InProcessServer, *sensors: str) -> None:
    info = BedsideInfo("1", "0000000a", window_s=10, sensors=tuple((s, "dht22") for s in sensors))
    server.turn([server.message(topic("b", Channel.INFO), encode_info(info))])


def sensor_alerts(server: InProcessServer) -> list[tuple[str, str]]:
    found = [stored.notice for stored in server.notices()]
    return [(one.transition.value, one.reason.value) for one in found if one.kind == "sensor"]


@pytest.mark.parametrize(
    ("sensor", "field", "reason"),
    [
        ("leg", "leg_c", "no_readings"),
        ("room", "room_c", "no_readings"),
        ("movement", "moves", "movement_missing"),
    ],
)
def test_a_sensor_that_was_set_up_and_never_delivers_is_told(
    ward: InProcessServer, sensor: str, field: str, reason: str
) -> None:
    says(ward, "leg", "room", "movement")
    ward.play("b", 12, lambda _minute: {**ALL, field: None})
    assert sensor_alerts(ward) == [("fired", reason)]
    (told,) = [push for _, _, push in ward.pushes.arrived if push.purpose == "loud"]
    assert told.bed == "b"
    assert sensor in ("leg", "room", "movement")


def test_a_mute_thermometer_by_the_ankle_is_told_without_a_sound(ward: InProcessServer) -> None:
    says(ward, "leg", "room", "movement", "ankle")
    ward.play("b", 12, lambda _minute: ALL)
    assert sensor_alerts(ward) == []
    (told,) = [s.notice for s in ward.notices() if s.notice.reason is Reason.SENSOR_MUTE]
    assert dict(told.figures)["sensor"] == "ankle"
    assert [push for _, _, push in ward.pushes.arrived if push.purpose == "loud"] == []


def test_the_air_by_the_ankle_is_stored_and_published(ward: InProcessServer) -> None:
    says(ward, "leg", "room", "movement", "ankle")
    ward.play("b", 12, lambda _minute: {**ALL, "others": (("ankle_c", 30.4), ("ankle_rh", 50.0))})
    assert not [s for s in ward.notices() if s.notice.reason is Reason.SENSOR_MUTE]
    (others,) = {row[0] for row in ward.rows("SELECT others FROM windows")}
    assert json.loads(others) == {"ankle_c": 30.4, "ankle_rh": 50.0}


def test_sensors_that_deliver_and_those_that_were_not_set_up_are_not_told(
    ward: InProcessServer,
) -> None:
    says(ward, "leg", "movement")
    ward.play("b", 12, lambda _minute: {**ALL, "room_c": None})
    assert sensor_alerts(ward) == []


def test_what_was_set_up_is_known_after_a_restart(ward: InProcessServer) -> None:
    says(ward, "leg", "room", "movement")
    look = lambda _minute: {**ALL, "room_c": None}  # noqa: E731
    ward.play("b", 4, look)
    ward.restart()
    ward.play("b", 8, look)
    assert sensor_alerts(ward) == [("fired", "no_readings")]


def test_an_agent_without_any_sensor_is_told(ward: InProcessServer) -> None:
    nothing: dict[str, Any] = {"leg_c": None, "room_c": None, "moves": None, "in_bed": None}
    ward.play("b", 12, lambda _minute: nothing)
    assert sensor_alerts(ward) == [("fired", "no_sensor")]
    assert "No sensor at the bed" in ward.pushes.arrived[0].push.text


def test_two_agents_that_send_as_one_bed_are_told_once_and_health_says_it(
    ward: InProcessServer,
) -> None:
    def both(windows: int) -> None:
        for n in range(windows):
            ward.clock.advance(10_000)
            seq = ward.clock.now_ms // 10_000 % 1_000_000
            window = live_window(seq, ward.clock.now_ms, **ALL)
            boot = ("0000000a", "0000000b")[n % 2]
            payload = encode_window(window._replace(boot=boot))
            ward.turn([ward.message(topic("b", Channel.WINDOW), payload)])
        ward.turn()
        ward.settle()

    both(4)
    assert list(contested(ward.unit.beds.values())) == []
    both(120)
    pushed = [(push.purpose.value, push.title) for _, _, push in ward.pushes.arrived]
    assert pushed == [("quiet", "Two bedsides send as one bed")]
    (wrong,) = contested(ward.unit.beds.values())
    assert "two agents send as bed b in turn (their starts 0000000a and 0000000b)" in wrong
    ward.restart()
    both(120)
    assert len(ward.pushes.arrived) == 1
    ward.run_to(ward.clock.now_ms + 60 * MINUTE_MS)
    assert list(contested(ward.unit.beds.values())) == []


def reported(server: InProcessServer) -> list[str]:
    found = [stored.notice for stored in server.notices()]
    return [one.reason.value for one in found if one.transition == "reported"]


def test_a_mat_that_was_set_up_and_says_nothing_is_told_once_and_quietly(
    ward: InProcessServer,
) -> None:
    says(ward, "leg", "room", "movement", "presence")
    ward.play("b", 7, lambda _minute: {**ALL, "in_bed": None})
    assert reported(ward) == []
    ward.play("b", 13, lambda _minute: {**ALL, "in_bed": None})
    assert reported(ward) == ["sensor_mute"]
    push = ward.pushes.arrived[0].push
    assert (push.purpose.value, push.title) == ("quiet", "A sensor gives nothing")
    assert "gives nothing: bed occupancy." in push.text


def test_a_mat_that_falls_silent_in_the_night_is_told_too(ward: InProcessServer) -> None:
    says(ward, "leg", "room", "movement", "presence")
    ward.play("b", 10, lambda _minute: ALL)
    assert reported(ward) == []
    ward.play("b", 10, lambda _minute: {**ALL, "in_bed": None})
    assert sensor_alerts(ward) == [("fired", "mat_missing")]
    assert reported(ward) == []


@pytest.mark.parametrize("status", [b"offline", b"online"])
def test_an_old_word_of_the_agent_after_a_restart_makes_no_sensor_mute(
    ward: InProcessServer, status: bytes
) -> None:
    """Server and agent were ended together: the word waits at the broker, before any window."""
    says(ward, "leg", "room", "movement", "presence")
    ward.play("b", 20, lambda _minute: ALL)
    ward.restart()
    ward.turn([ward.message(topic("b", Channel.STATUS), status)])
    assert reported(ward) == []
    ward.play("b", 20, lambda _minute: {**ALL, "in_bed": None})
    assert sensor_alerts(ward) == [("fired", "mat_missing")]  # told as ever
    assert reported(ward) == []


def without(*fields: str) -> Any:
    return lambda _minute: {**ALL, **dict.fromkeys(fields)}


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ("leg_c", "moves", "movement sensor"),
        ("moves", "leg_c", "thermometer by the legs"),
        ("leg_c", "room_c", "thermometer of the room"),
        ("room_c", "leg_c", "thermometer by the legs"),
    ],
)
def test_a_second_sensor_that_fails_while_the_alert_stands_is_told_once_and_quietly(
    ward: InProcessServer, first: str, second: str, words: str
) -> None:
    says(ward, "leg", "room", "movement")
    ward.play("b", 20, without())
    ward.play("b", 20, without(first))
    assert len(sensor_alerts(ward)) == 1
    assert reported(ward) == []  # the alert tells of the first one
    ward.play("b", 40, without(first, second))
    assert len(sensor_alerts(ward)) == 1
    assert reported(ward) == ["sensor_mute"]
    quiet = [p for _, _, p in ward.pushes.arrived if p.title == "A sensor gives nothing"]
    assert [p.purpose.value for p in quiet] == ["quiet"]
    assert f"gives nothing: {words}." in quiet[0].text


def test_each_sensor_is_told_once_also_after_a_restart_and_soon_after_another(
    ward: InProcessServer,
) -> None:
    says(ward, "leg", "room", "movement", "presence")
    ward.play("b", 20, without("in_bed"))
    assert reported(ward) == ["sensor_mute"]  # the mat
    ward.restart()
    ward.play("b", 20, without("in_bed", "leg_c"))
    ward.play("b", 20, without("in_bed", "leg_c", "moves"))
    ward.restart()
    ward.play("b", 20, without("in_bed", "leg_c", "moves"))
    quiet = [p.text for _, _, p in ward.pushes.arrived if p.title == "A sensor gives nothing"]
    assert len(quiet) == 2
    assert "gives nothing: bed occupancy." in quiet[0]
    assert "gives nothing: movement sensor." in quiet[1]


def test_of_sensors_that_fail_together_the_others_are_told_quietly(ward: InProcessServer) -> None:
    ward.play("b", 20, without())
    ward.play("b", 20, without("leg_c", "moves"))
    assert sensor_alerts(ward) == [("fired", "no_readings")]
    assert reported(ward) == ["sensor_mute"]


def test_a_second_sensor_that_is_back_soon_is_not_told(ward: InProcessServer) -> None:
    ward.play("b", 20, without())
    ward.play("b", 12, without("leg_c"))
    for _ in range(3):
        ward.play("b", 5, without("leg_c", "moves"))
        ward.play("b", 5, without("leg_c"))
    assert reported(ward) == []


@pytest.mark.parametrize("kind", ["late", "again"])
def test_a_known_bed_whose_windows_are_all_old_is_missed(ward: InProcessServer, kind: str) -> None:
    ward.play("b", 5, lambda _minute: ALL)
    for n in range(20):
        at_ms = ward.clock.now_ms - 40 * MINUTE_MS
        seq = 1000 + n if kind == "late" else 3
        payload = encode_window(live_window(seq, at_ms, **ALL))
        ward.turn([ward.message(topic("b", Channel.WINDOW), payload)])
        ward.run_to(ward.clock.now_ms + MINUTE_MS)
    told = [stored.notice for stored in ward.notices()]
    assert [(one.kind.value, one.transition.value) for one in told] == [("agent", "fired")]
    assert [push.purpose.value for _, _, push in ward.pushes.arrived][-1] == "loud"
