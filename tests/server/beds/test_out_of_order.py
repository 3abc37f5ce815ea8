"""A button or a lamp that does not work is named by /health, `now` and `beds`."""

from pathlib import Path
from typing import Any

import pytest
from tomlkit import dumps

from legwatch.contract.bedside_info import BedsideInfo, decode_info, encode_info
from legwatch.contract.topics import Channel, topic
from legwatch.contract.window import encode_window
from legwatch.testing import live_window
from legwatch_server.beds.out_of_order import out_of_order
from legwatch_server.cli import beds, now
from legwatch_server.testing import InProcessServer
from server.ward import BEGIN, open_ward

WHY = "driver 'odd' (odd:Odd of odd 1.2) cannot start: no bus"


def asleep(_minute: float) -> dict[str, Any]:
    return {"leg_c": 31.0, "room_c": 18.0, "moves": 1, "in_bed": True}


def info(key: str, why: str) -> BedsideInfo:
    about = BedsideInfo("1", "0000000a", window_s=10)
    return about._replace(button=why) if key == "button" else about._replace(lamp=why)


def says(server: InProcessServer, about: BedsideInfo) -> list[str]:
    server.turn([server.message(topic("b", Channel.INFO), encode_info(about))])
    return list(out_of_order(server.unit.beds.values()))


@pytest.mark.parametrize(("key", "name"), [("button", "button"), ("lamp", "lamp or buzzer")])
def test_what_does_not_work_is_named(
    key: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = open_ward(tmp_path)
    server.play("b", 3, asleep)
    file = tmp_path / "server.toml"
    file.write_text(dumps({"state_dir": str(server.path.parent), "zone": "UTC"}))

    def shown(command: Any) -> str:
        command.main(["--config", str(file)])
        return capsys.readouterr().out

    assert says(server, info(key, WHY)) == [f"the {name} of bed b does not work: {WHY}"]
    assert f"  its {name} does not work: {WHY}\n" in shown(beds)
    assert f"  {name:<16} does not work: {WHY}\n" in shown(now)
    assert says(server, info(key, "")) == []
    assert "work" not in shown(beds) + shown(now)
    server.close()


@pytest.mark.parametrize("key", ["button", "lamp"])
def test_of_a_bed_that_plays_a_recording_it_is_named_too(key: str, tmp_path: Path) -> None:
    """Its lamp shows the alerts of the recording, and its button answers them."""
    server = open_ward(tmp_path, beds={"b": {"played": True}})
    for number in range(1, 4):
        window = live_window(number, BEGIN + number * 10_000, clock="played", **asleep(0))
        server.turn([server.message(topic("b", Channel.WINDOW), encode_window(window))])
    assert server.unit.beds["b"].played
    (said,) = says(server, info(key, WHY))
    assert said.endswith(f"of bed b does not work: {WHY}")
    server.turn([server.message(topic("b", Channel.STATUS), b"offline")])
    assert list(out_of_order(server.unit.beds.values())) == []  # the recording is over
    server.close()


def test_both_are_named(tmp_path: Path) -> None:
    server = open_ward(tmp_path)
    server.play("b", 3, asleep)
    button, lamp = says(server, info("button", WHY)._replace(lamp="x"))
    assert button.startswith("the button of bed b ")
    assert lamp == "the lamp or buzzer of bed b does not work: x"
    server.close()


@pytest.mark.parametrize("key", ["button", "lamp"])
def test_why_it_does_not_work_is_cut_to_what_a_message_may_carry(key: str) -> None:
    said = decode_info(encode_info(info(key, "x\n" * 300)))
    assert (said.button, said.lamp) == (("x?" * 100, "") if key == "button" else ("", "x?" * 100))
