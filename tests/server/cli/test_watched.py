"""A bed that can never warn says so, wherever somebody looks after it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tomlkit import dumps

from legwatch.__main__ import main
from legwatch.contract.bedside_info import BedsideInfo, encode_info
from legwatch.contract.topics import Channel, topic
from legwatch.scope import BARE_FOOT
from legwatch_server.beds.watched import can_never_warn, sees_nothing
from legwatch_server.cli import alerts, beds, duty, now
from legwatch_server.health import _scope
from legwatch_server.supervisor.config import what_it_watches
from legwatch_server.testing import InProcessServer
from server.loaded_house import loaded_house
from server.ward import MINUTE_MS, open_ward

NEVER = "no movement sensor: no cold alert and no alert on lying still can come"
WITH_ANKLE = "cold legs, a bare foot and lying still for too long"
CAN_BE = "can be watched for cold legs and lying still for too long"
FULL = (("leg", "dht22"), ("movement", "gpio_motion"))


def leg_only(_minute: float) -> dict[str, Any]:
    return {"leg_c": 31.0}


def leg_and_movement(_minute: float) -> dict[str, Any]:
    return {"leg_c": 31.0, "moves": 0}


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[InProcessServer]:
    made = open_ward(tmp_path)
    yield made
    made.close()


def announces(server: InProcessServer, *sensors: tuple[str, str]) -> None:
    info = encode_info(BedsideInfo("0.1.0", "0000000a", window_s=10, sensors=sensors))
    server.turn([server.message(topic("b", Channel.INFO), info)])


def printed(
    capsys: pytest.CaptureFixture[str],
    ward: InProcessServer,
    *words: str,
    **settings: Any,
) -> list[str]:
    """Run a command on the ward's store; return the lines that it printed."""
    path = ward.path.parent / "server.toml"
    path.write_text(dumps({"state_dir": str(ward.path.parent), "zone": "UTC", **settings}))
    main([*words, "--config", str(path)])
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("command", ["alerts", "duty"])
def test_commands_say_of_a_bed_that_it_can_never_warn(
    ward: InProcessServer, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    announces(ward, ("leg", "dht22"))
    ward.play("b", 3, leg_only)
    assert f"b: can NEVER WARN; {NEVER}" in printed(capsys, ward, command)


@pytest.mark.parametrize("command", ["duty", "beds"])
def test_a_bed_is_called_watched_only_while_server_and_bedside_are_there(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: str,
) -> None:
    with loaded_house(tmp_path) as house:
        server = house.server
        for module in (duty, beds):
            monkeypatch.setattr(module, "server_ms", lambda _folder: server.clock.now_ms)

        def said() -> str:
            return house.run(capsys, command)[1]

        announces(server, *FULL)
        assert f"{CAN_BE} (not now, for no word has come from the bedside yet)" in said()
        server.play("b", 10, leg_and_movement)
        assert "watched for cold legs and lying still for too long\n" in said()
        assert CAN_BE not in said()
        server.turn([server.message(topic("b", Channel.STATUS), b"offline", retained=False)])
        assert f"{CAN_BE} (not now, for the bedside is off)" in said()
        server.turn([server.message(topic("b", Channel.STATUS), b"online", retained=False)])
        server.run_to(server.clock.now_ms + 40 * MINUTE_MS)
        assert f"{CAN_BE} (not now, for no word has come from the bedside for 40 min)" in said()
        house.kill()
        assert f"{CAN_BE} (not now, for the server is not running)" in said()


def only_movement(_minute: float) -> dict[str, Any]:
    return {"moves": 0, "faults": (("leg", "cannot start"),)}


@pytest.mark.parametrize("command", ["duty", "beds", "alerts"])
def test_a_bed_whose_sensor_gives_nothing_is_not_called_watched_by_it(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: str,
) -> None:
    mute = "for the thermometer by the legs gives no readings"
    with loaded_house(tmp_path) as house:
        server = house.server
        for module in (alerts, beds, duty):
            monkeypatch.setattr(module, "server_ms", lambda _folder: server.clock.now_ms)
        announces(server, *FULL, ("presence", "bed_mat"))
        server.play("b", 3, lambda _minute: {**leg_and_movement(_minute), "in_bed": True})
        assert mute not in house.run(capsys, command)[1]
        server.play("b", 8, lambda _minute: {**only_movement(_minute), "in_bed": True})
        said = house.run(capsys, command)[1]
        assert f"watched for lying still for too long; not now for cold legs, {mute}" in said
        announces(server, *FULL)
        server.play("b", 8, only_movement)
        said = house.run(capsys, command)[1]
        both = "cold legs and lying still for too long"
        assert f"can be watched for {both} (not now for {both}, {mute})" in said
        assert "watched; " not in said


def stuck(minute: float) -> dict[str, Any]:
    return {**live(minute), "leg_c": 31.0, "leg_rh": 45.0}


def impossible(minute: float) -> dict[str, Any]:
    return {**live(minute), "leg_c": 0.0, "leg_rh": 0.0}


@pytest.mark.parametrize("fault", [stuck, impossible])
@pytest.mark.parametrize("command", ["duty", "beds", "alerts", "now"])
def test_what_an_alert_on_a_sensor_takes_away_is_not_called_watched(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    fault: Callable[[float], dict[str, Any]],
) -> None:
    stands = "an alert on the thermometer by the legs stands"
    takes = stands if fault is stuck else "the thermometer by the legs gives no readings"
    with loaded_house(tmp_path) as house:
        server = house.server
        for module in (alerts, beds, duty, now):
            monkeypatch.setattr(module, "server_ms", lambda _folder: server.clock.now_ms)
        announces(server, *FULL, ("presence", "bed_mat"))
        server.play("b", 60, live)
        assert stands not in house.run(capsys, command)[1]
        server.play("b", 45, fault)
        assert _told(server) == ["fired"]
        said = house.run(capsys, command)[1]
        assert f"cold legs, for {takes}" in said or f"cold legs: {takes}" in said
        (bed,) = server.unit.beds.values()
        assert _scope(bed)["can_alert"] == ["still"]
        server.play("b", 7, live)
        if fault is impossible:  # its alert stands until it has held, but the readings count
            assert _told(server) == ["fired"]
            assert takes not in house.run(capsys, command)[1]
            assert _scope(next(iter(server.unit.beds.values())))["can_alert"] == ["cold", "still"]
        server.play("b", 33, live)
        assert _told(server) == ["fired", "resolved"]
        assert stands not in house.run(capsys, command)[1]
        assert _scope(bed)["can_alert"] == ["cold", "still"]


def live(minute: float) -> dict[str, Any]:
    """Return the air beside a sleeper, which is never quite the same."""
    turns = 6 if minute % 20 < 0.1 else 0
    air = {"leg_c": 30 + minute % 7 / 10, "leg_rh": 45 + minute % 5}
    return {**air, "moves": turns, "in_bed": True}


def _told(server: InProcessServer) -> list[str]:
    return [what for (what,) in server.rows("SELECT what FROM notices WHERE kind='sensor'")]


def test_health_tells_what_cannot_come_now(ward: InProcessServer) -> None:
    announces(ward, *FULL)
    ward.play("b", 3, leg_and_movement)
    (bed,) = ward.unit.beds.values()
    both, unseen = "cold legs and lying still for too long", [BARE_FOOT]
    told = {"can_alert": ["cold", "still"], "watched_for": both, "cannot": [], "not_seen": unseen}
    assert _scope(bed) == told
    ward.play("b", 8, only_movement)
    (bed,) = ward.unit.beds.values()
    why = "the thermometer by the legs gives no readings"
    cannot = [f"not now for {both}, for {why}"]
    blind = {"can_alert": [], "watched_for": "nothing", "cannot": cannot, "not_seen": unseen}
    assert _scope(bed) == blind


@pytest.mark.parametrize("command", ["alerts", "duty"])
def test_a_bed_with_the_two_sensors_is_watched_for_both(
    ward: InProcessServer, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    announces(ward, *FULL)
    ward.play("b", 3, leg_and_movement)
    lines = printed(capsys, ward, command)
    assert not any("NEVER" in line or "can come" in line for line in lines)
    on_duty = f"b: {CAN_BE} (not now, for the server is not running)"
    assert (on_duty in lines) is (command == "duty")


def test_health_is_degraded_by_a_bed_that_can_never_warn(ward: InProcessServer) -> None:
    announces(ward, *FULL)
    ward.play("b", 3, leg_and_movement)
    assert list(can_never_warn(ward.unit.beds.values())) == []
    announces(ward, ("leg", "dht22"))
    assert list(can_never_warn(ward.unit.beds.values())) == [f"bed b can never warn: {NEVER}"]


def test_health_is_degraded_by_a_bed_that_is_watched_for_nothing_now(ward: InProcessServer) -> None:
    announces(ward, *FULL)
    ward.play("b", 3, leg_and_movement)
    beds = ward.unit.beds.values()
    assert list(sees_nothing(beds)) == []
    ward.play("b", 12, leg_only)
    (said,) = sees_nothing(beds)
    assert said.startswith("bed b is watched for nothing: not now for cold legs and lying still")
    assert "the movement sensor gives no readings" in said
    ward.play("b", 3, leg_and_movement)
    assert list(sees_nothing(beds)) == []


def test_of_an_agent_that_announces_nothing_the_windows_tell(ward: InProcessServer) -> None:
    ward.play("b", 3, leg_only)
    assert list(can_never_warn(ward.unit.beds.values())) == [f"bed b can never warn: {NEVER}"]
    ward.play("b", 3, leg_and_movement)
    assert list(can_never_warn(ward.unit.beds.values())) == []


def test_an_agent_that_does_not_name_its_sensors_is_known_by_its_windows(
    ward: InProcessServer,
) -> None:
    older = b'{"v": 1, "version": "0.0.9", "boot": "0000000a", "clock": "synced", "lost": 0}'
    ward.turn([ward.message(topic("b", Channel.INFO), older)])
    assert list(can_never_warn(ward.unit.beds.values())) == []  # nothing is known yet
    ward.play("b", 3, leg_and_movement)
    assert list(can_never_warn(ward.unit.beds.values())) == []
    announces(ward)  # all sensors were taken away, and the agent says so
    assert len(list(can_never_warn(ward.unit.beds.values()))) == 1


@pytest.mark.parametrize("command", ["alerts", "duty"])
def test_windows_without_a_reading_can_never_warn(
    ward: InProcessServer, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    ward.play("b", 3, lambda _minute: {})
    assert len(list(can_never_warn(ward.unit.beds.values()))) == 1
    lines = printed(capsys, ward, command)
    assert any(line.startswith("b: can NEVER WARN; no thermometer") for line in lines)


def reported(ward: InProcessServer) -> list[str]:
    found = [stored.notice for stored in ward.notices()]
    return [one.reason.value for one in found if one.transition == "reported"]


@pytest.mark.parametrize("language", ["en", "de"])
def test_people_are_told_once_and_quietly_of_a_bed_that_can_never_warn(
    tmp_path: Path, language: str
) -> None:
    people = {"anna": {"channels": ["phone"], "language": language}}
    ward = open_ward(tmp_path, people=people)
    announces(ward, ("leg", "dht22"))
    ward.play("b", 6, leg_only)
    assert reported(ward) == []
    ward.play("b", 14, leg_only)
    assert reported(ward) == ["never_warns"]
    (push,) = [push for _, _, push in ward.pushes.arrived]
    title = {"en": "This bed can never warn", "de": "Dieses Bett kann nie warnen"}[language]
    assert (push.purpose.value, push.title) == ("quiet", title)
    ward.restart()
    ward.play("b", 15, leg_only)
    assert reported(ward) == ["never_warns"]
    ward.close()


def test_nobody_is_told_by_day_nor_of_a_bed_that_can_warn(tmp_path: Path) -> None:
    ward = open_ward(tmp_path, zone="America/Los_Angeles")  # one in the afternoon
    announces(ward, ("leg", "dht22"))
    ward.play("b", 20, leg_only)
    announces(ward, *FULL)
    ward.play("b", 20, leg_and_movement)
    assert reported(ward) == []
    ward.close()


AGENT = """
bed = "b"
"""
LEG = """
[sensors.leg]
driver = "dht22"
pin = 4
"""
MOVEMENT = """
[sensors.movement]
driver = "gpio_motion"
pin = 17
"""
MAT = """
[sensors.presence]
driver = "gpio_presence"
pin = 5
"""


@pytest.mark.parametrize(
    ("text", "code", "sentence"),
    [
        (
            AGENT,
            1,
            f"no thermometer by the legs and {NEVER}",
        ),
        (AGENT + LEG, 1, NEVER),
        (AGENT + LEG + MAT, 0, "no movement sensor: no alert on lying still can come"),
        (AGENT + LEG + MOVEMENT, 0, ""),
    ],
)
def test_check_config_says_what_a_bed_can_never_tell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, code: int, sentence: str
) -> None:
    file = tmp_path / "agent.toml"
    file.write_text(text)
    assert main(["check-config", str(file)]) == code
    out = capsys.readouterr().out
    assert ("good (agent" in out) is (code == 0)
    assert ("can NEVER WARN" in out) is (code == 1)
    assert sentence in out
    assert ("can come" in out) is bool(sentence)
    assert ("watched for cold legs" in out) is (code == 0)


@pytest.mark.parametrize(
    ("sensors", "lines"),
    [
        (
            {"leg": {}, "movement": {}},
            [
                "It is set up to be watched for: cold legs and lying still for too long.",
                "  Not seen: a bare foot alone: needs a thermometer at the ankle ([sensors.ankle])",
            ],
        ),
        (
            {"leg": {}, "movement": {}, "ankle": {}},
            [f"It is set up to be watched for: {WITH_ANKLE}."],
        ),
        ({"leg": {}}, ["It can NEVER WARN:", f"  {NEVER}"]),
    ],
)
def test_up_says_what_the_bed_is_watched_for(sensors: dict[str, Any], lines: list[str]) -> None:
    assert list(what_it_watches({"bed": "b", "sensors": sensors})) == lines
    assert list(what_it_watches({"bed": "b", "recording": {"file": "night.csv"}})) == []


@pytest.mark.parametrize("ankle", [True, False])
def test_check_config_says_what_a_recording_shows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], ankle: bool
) -> None:
    channels = ["leg_temperature_c,31.0", "movement,1", *(["ankle_temperature_c,30.0"] * ankle)]
    played = tmp_path / "night.csv"
    rows = [f"2026-01-02T21:00:00Z,{one}" for one in channels]
    played.write_text("\n".join(["time,channel,value", *rows, ""]))
    file = tmp_path / "agent.toml"
    file.write_text(dumps({"bed": "b", "recording": {"file": str(played)}}))
    assert main(["check-config", str(file)]) == 0
    said = capsys.readouterr().out
    usual = "cold legs and lying still for too long"
    assert f"the bed is watched for {WITH_ANKLE if ankle else usual}\n" in said
    assert (f"not seen: {BARE_FOOT}\n" in said) is not ankle


@pytest.mark.parametrize("command", ["alerts", "duty", "beds"])
def test_limits_that_are_off_are_said_as_well(
    ward: InProcessServer, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    announces(ward, *FULL)
    ward.play("b", 3, leg_and_movement)
    off = {"stillness.warn_s": 0, "stillness.urgent_s": 0}
    lines = printed(capsys, ward, command, rules=off)
    never = "its limits are off (0): no alert on lying still can come"
    assert any(never in line for line in lines)
    assert not any(never in line for line in printed(capsys, ward, command))


def test_health_knows_in_the_third_minute_of_a_sensor_that_never_started(
    ward: InProcessServer,
) -> None:
    announces(ward, *FULL)
    ward.play("b", 4, only_movement)
    (bed,) = ward.unit.beds.values()
    assert _scope(bed)["can_alert"] == []
