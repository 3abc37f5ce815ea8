"""A server and a bedside one minor version apart: what one does not know, it leaves out."""

import json
import tomllib
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as mqtt
import pytest

from end_to_end.house import House, wait_until
from legwatch.contract.bed_rules import BedRules, decode_rules, encode_rules
from legwatch.contract.bedside_command import Cmd, Command, decode_command, encode_command
from legwatch.contract.bedside_info import BedsideInfo, encode_info
from legwatch.contract.confirmation import Stored, decode_stored, encode_stored
from legwatch.contract.press import Press, encode_press
from legwatch.contract.topics import Channel, topic
from legwatch.contract.window import encode_window
from legwatch.testing import live_window
from legwatch_runtime.clock import utc_ms
from repository import REPO

BED, WINDOWS = "bed1", 12
UNKNOWN: dict[str, Any] = {"pillow_c": 31.5, "later": {"more": [1, 2]}, "said": "of a newer one"}


def versions() -> list[str]:
    """Return the versions one minor below and above this one."""
    project = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]
    major, minor, _ = map(int, project["version"].split("."))
    return [f"{major}.{max(0, minor - 1)}.9", f"{major}.{minor + 1}.0"]


def with_unknown(payload: bytes) -> bytes:
    """Return a message with fields that this version does not know."""
    return json.dumps({**json.loads(payload), **UNKNOWN}).encode()


@pytest.mark.parametrize("version", versions())
def test_a_server_takes_all_from_a_bedside_of_a_version_beside_its_own(
    house: House, version: str
) -> None:
    house.broker()
    server = house.server()
    bedside, confirmed = house.publisher(), list[int]()
    stored = topic(BED, Channel.STORED)
    bedside.message_callback_add(stored, _noted(confirmed))
    bedside.subscribe(stored, qos=1)
    now_ms = utc_ms()
    info = encode_info(BedsideInfo(version, "0000000a", "synced", window_s=10, sensors=()))
    bedside.publish(topic(BED, Channel.INFO), with_unknown(info), qos=1, retain=True)
    for seq in range(1, WINDOWS + 1):
        window = live_window(seq, now_ms - (WINDOWS - seq) * 10_000, leg_c=31.5, room_c=19.0)
        payload = with_unknown(encode_window(window._replace(moves=1)))
        bedside.publish(topic(BED, Channel.WINDOW), payload, qos=1)
    press = with_unknown(encode_press(Press("p1", "ack", now_ms)))
    bedside.publish(topic(BED, Channel.EVENT), press, qos=1)
    house.wait_windows(WINDOWS)
    wait_until(lambda: WINDOWS in confirmed, "the confirmation of the last window")
    wait_until(lambda: house.count("presses"), "the press")
    bedside.loop_stop()
    found = house.health()["bedsides"][BED]
    assert found["version"] == version
    assert house.count("quarantine") == 0
    assert "Traceback" not in server.said()


def _noted(confirmed: list[int]) -> Callable[[mqtt.Client, Any, mqtt.MQTTMessage], None]:
    def note(_client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        confirmed.append(decode_stored(message.payload).seq)

    return note


def test_a_bedside_reads_what_a_server_of_a_newer_version_sends() -> None:
    stored = Stored("0000000a", 7)
    assert decode_stored(with_unknown(encode_stored(stored))) == stored
    rules = BedRules("{}", "[]", 1)
    assert decode_rules(with_unknown(encode_rules(rules))) == rules
    command = Command("c1", Cmd.NUDGE)
    assert decode_command(with_unknown(encode_command(command))) == command
