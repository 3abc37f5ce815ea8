"""A button that does not work is named by /health, `now` and `beds`."""

from pathlib import Path
from typing import Any

import pytest
from tomlkit import dumps

from legwatch.contract.bedside_info import BedsideInfo, decode_info, encode_info
from legwatch.contract.topics import Channel, topic
from legwatch_server.beds.buttons import buttons
from legwatch_server.cli import beds, now
from legwatch_server.testing import InProcessServer
from server.ward import open_ward

WHY = "driver 'odd' (odd:Odd of odd 1.2) cannot start: no bus"


def asleep(_minute: float) -> dict[str, Any]:
    return {"leg_c": 31.0, "room_c": 18.0, "moves": 1, "in_bed": True}


def says(server: InProcessServer, why: str) -> list[str]:
    info = encode_info(BedsideInfo("1", "0000000a", window_s=10, button=why))
    server.turn([server.message(topic("b", Channel.INFO), info)])
    return list(buttons(server.unit.beds.values()))


def test_a_button_that_does_not_work_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = open_ward(tmp_path)
    server.play("b", 3, asleep)
    file = tmp_path / "server.toml"
    file.write_text(dumps({"state_dir": str(server.path.parent), "zone": "UTC"}))

    def shown(command: Any) -> str:
        command.main(["--config", str(file)])
        return capsys.readouterr().out

    assert says(server, WHY) == [f"the button of bed b does not work: {WHY}"]
    assert f"  its button does not work: {WHY}\n" in shown(beds)
    assert f"  button           does not work: {WHY}\n" in shown(now)
    assert says(server, "") == []
    assert "button" not in shown(beds) + shown(now)
    server.close()


def test_why_it_does_not_work_is_cut_to_what_a_message_may_carry() -> None:
    said = decode_info(encode_info(BedsideInfo(button="x\n" * 300))).button
    assert said == "x?" * 100
