"""A bed whose sensors make their values is not called watched, wherever people read of it."""

import json
from pathlib import Path
from typing import Any

import pytest
from tomlkit import dumps

from legwatch.__main__ import main
from legwatch.contract.topics import Channel, topic
from legwatch_server.beds import watched
from legwatch_server.cli import alerts, beds, duty, now
from legwatch_server.health import _scope
from legwatch_server.supervisor import command
from legwatch_server.supervisor.config import what_it_watches
from legwatch_server.testing import InProcessServer
from server.loaded_house import loaded_house
from strangers import Stranger

BOTH = "cold legs and lying still for too long"
FROM_MADE = f"alerts on {BOTH} come from made values"
ONE = "the movement sensor is simulated: its values are made, and it sees nothing of the real bed"
TWO = (
    "the thermometer by the legs and the movement sensor are simulated: their values are made,"
    " and they see nothing of the real bed"
)
THREE = (
    "the thermometer by the legs, the thermometer of the room and the movement sensor are simulated"
)
MAKES = """
class Odd:
    MAKES_VALUES = True

    def __init__(self, options):
        pass

    def seen(self):
        return None
"""
Said = pytest.CaptureFixture[str]


def table(*simulated: str, **real: dict[str, Any]) -> dict[str, Any]:
    return {"bed": "b", "sensors": {**{r: {"driver": "simulated"} for r in simulated}, **real}}


def checked(folder: Path, capsys: Said, agent: dict[str, Any]) -> tuple[int, str]:
    file = folder / "agent.toml"
    file.write_text(dumps(agent))
    return main(["check-config", str(file)]), capsys.readouterr().out


def test_check_config_says_which_values_are_made(tmp_path: Path, capsys: Said) -> None:
    code, said = checked(tmp_path, capsys, table("leg", "movement"))
    assert code == 0
    assert f"agent.toml: {TWO}\n" in said
    assert f"agent.toml: the bed is not truly watched: {FROM_MADE}\n" in said
    assert "watched for" not in said
    said = checked(tmp_path, capsys, table("leg", "room", "movement"))[1]
    assert f"agent.toml: {THREE}: " in said
    said = checked(tmp_path, capsys, table("movement", leg={"driver": "dht22", "pin": 4}))[1]
    assert f"agent.toml: {ONE}\n" in said
    code, said = checked(tmp_path, capsys, table("leg"))
    assert code == 1
    assert "the thermometer by the legs is simulated: " in said


def test_a_driver_of_another_package_may_declare_that_it_makes_its_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    Stranger(tmp_path, monkeypatch).has(MAKES, {"legwatch.motion": {"odd": "{}:Odd"}})
    real = {"driver": "dht22", "pin": 4}
    code, said = checked(tmp_path, capsys, table(leg=real, movement={"driver": "odd"}))
    assert code == 0
    assert f"agent.toml: {ONE}\n" in said


def test_up_says_which_values_are_made() -> None:
    agent = table("leg", "movement")
    assert command._doing(agent) == (
        "Watching the bed 'b' with simulated sensors; people are told of them as of real ones."
    )
    lines = list(what_it_watches(agent))
    assert lines[:2] == [f"It is NOT TRULY WATCHED: {FROM_MADE}.", f"  {TWO}"]
    assert not any("watched for" in line for line in lines)


def asleep(minute: float) -> dict[str, Any]:
    return {"leg_c": 31.0 + 0.1 * (minute % 7), "moves": 2 if minute % 5 < 1 else 0}


def announces(server: InProcessServer, made: tuple[str, ...]) -> None:
    sensors = {"leg": "simulated", "movement": "simulated"}
    info = {"v": 1, "version": "0.1.0", "boot": "0000000a", "sensors": sensors, "made": made}
    server.turn([server.message(topic("b", Channel.INFO), json.dumps(info).encode())])


@pytest.mark.parametrize("word", ["duty", "beds", "alerts"])
def test_commands_say_of_which_bed_the_values_are_made(
    tmp_path: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    with loaded_house(tmp_path) as house:
        for module in (alerts, beds, duty):
            monkeypatch.setattr(module, "server_ms", lambda _folder: house.server.clock.now_ms)
        announces(house.server, ("leg", "movement"))
        house.server.play("b", 10, asleep)
        said = house.run(capsys, word)[1]
        assert f"NOT TRULY WATCHED: {FROM_MADE}; {TWO}\n" in said
        assert "watched for" not in said
        assert "watched; " not in said
        house.kill()
        if word != "alerts":
            off = f"{FROM_MADE} (not now, for the server is not running); {TWO}\n"
            assert off in house.run(capsys, word)[1]


def test_now_says_it_of_each_value_and_of_what_is_watched(
    tmp_path: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    with loaded_house(tmp_path, rules={"alerts.learn_nights": 0}) as house:
        monkeypatch.setattr(now, "server_ms", lambda _folder: house.server.clock.now_ms)
        announces(house.server, ("movement",))
        house.server.play("b", 90, asleep)
        said = house.run(capsys, "now")[1]
        values = {line.split("  ")[1]: line for line in said.splitlines() if " ago" in line}
        assert values["movements"].endswith(" s ago, made, not measured")
        assert values["air by the legs"].endswith(" s ago")
        assert f"  not watched      {ONE}\n" in said
        (line,) = (line for line in said.splitlines() if line.startswith("  watched for"))
        assert "cold legs (from made values), lying still (from made values)" in line
        assert "a bedside that is silent (from" not in line


def test_health_names_made_values_and_is_not_degraded_by_them(tmp_path: Path) -> None:
    with loaded_house(tmp_path) as house:
        announces(house.server, ("leg", "movement"))
        house.server.play("b", 10, asleep)
        (bed,) = house.server.unit.beds.values()
        assert _scope(bed)["watched_for"] == f"{BOTH}, from made values"
        assert _scope(bed)["can_alert"] == ["cold", "still"]
        assert _scope(bed)["cannot"] == [TWO]
        assert list(watched.not_truly([bed])) == [f"bed b is not truly watched: {TWO}"]
        announces(house.server, ())
        assert list(watched.not_truly([bed])) == []
        assert _scope(bed)["watched_for"] == BOTH


MISSPELT = "time,channel,value\n2026-01-02T21:00:00Z,lag_temperature_c,31.0\n"
UNREAD = (
    "recording.file: nothing was read: channels not used: lag_temperature_c (1); [recording] map"
)


def test_a_recording_of_which_nothing_is_read_is_refused(tmp_path: Path, capsys: Said) -> None:
    night, file = tmp_path / "night.csv", tmp_path / "agent.toml"
    night.write_text(MISSPELT)
    agent = {"bed": "b", "recording": {"file": str(night)}}
    code, said = checked(tmp_path, capsys, agent)
    assert code == 1
    assert f"agent.toml: {UNREAD} renames a channel to one of leg_temperature_c, " in said
    assert "this bed can NEVER WARN" in said
    assert "good" not in said
    words = ["up", "--state", str(tmp_path / "state"), "--agent-config", str(file)]
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"legwatch up: {file}: {UNREAD}")
    assert main(["agent", "--config", str(file), "--check-config"]) == 2
    assert UNREAD in capsys.readouterr().err
    night.write_text("time,channel,value\n")
    assert "nothing was read: there is no line" in checked(tmp_path, capsys, agent)[1]


def test_a_key_of_a_table_inside_is_said_where_it_belongs(tmp_path: Path, capsys: Said) -> None:
    file = tmp_path / "server.toml"
    file.write_text('language = "de"\n[people.anna]\nchannels = ["console"]\n')
    assert main(["check-config", str(file)]) == 2
    said = capsys.readouterr().err
    assert "language: no such key; known: " in said
    assert said.endswith("; did you mean people.NAME.language?\n")
    file.write_text('longuage = "de"\n[people.anna]\nchannels = ["console"]\n')
    assert main(["check-config", str(file)]) == 2
    assert "did you mean" not in capsys.readouterr().err
