"""A bed taken out of use with a real broker, server and agent, and watched again."""

import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from end_to_end.bedroom import EARS, Bedroom
from end_to_end.house import LEGWATCH, PASSWORD, Process, wait_until

BED = "dora"


@pytest.fixture
def bedroom(tmp_path: Path, mosquitto: None) -> Iterator[Bedroom]:
    with Bedroom(tmp_path) as made:
        yield made


def kept(house: Bedroom) -> dict[str, bytes]:
    """Return what the broker keeps of the bed."""
    found: dict[str, bytes] = {}
    ready: list[int] = []
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="kept", protocol=mqtt.MQTTv311)
    client.username_pw_set(EARS[0], PASSWORD)

    def hear(_client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        if message.retain:
            found[message.topic] = bytes(message.payload)

    client.on_message = hear
    client.on_connect = lambda c, *_: c.subscribe(f"legwatch/v1/{BED}/#", qos=1)
    client.on_subscribe = lambda _c, _d, mid, *_: ready.append(mid)
    client.connect("127.0.0.1", house.port)
    client.loop_start()
    wait_until(lambda: ready, "the subscription", 10)
    time.sleep(0.5)  # what is kept comes right behind it
    client.disconnect()
    client.loop_stop()
    return found


def beds(house: Bedroom, *words: str) -> str:
    line = (*LEGWATCH, "beds", *words, "--config", str(house.server_toml))
    done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout


def test_an_ended_bed_is_gone_from_broker_and_health_and_its_windows_are_kept(
    bedroom: Bedroom,
) -> None:
    bedroom.write_server(beds={})
    bedroom.broker()
    server = bedroom.server()
    bedroom.bed(BED)
    bedroom.wait_windows(3)
    wait_until(lambda: BED in bedroom.health()["bedsides"], "the bed in /health")
    assert {name.rpartition("/")[2] for name in kept(bedroom)} == {"status", "info", "stored"}

    assert "within seconds" in beds(bedroom, "end", BED, "--yes")
    wait_until(lambda: BED not in bedroom.health()["bedsides"], "its end in /health")
    wait_until(lambda: not kept(bedroom), "nothing kept at the broker")
    before = bedroom.count("windows")
    bedroom.wait_windows(before + 5)
    assert kept(bedroom) == {}
    assert server.said().count(f"windows come from bed {BED}, which is ended") == 1
    assert "quarantined" not in server.said()
    assert "its bedside still sends" in beds(bedroom)

    follow = Process(
        (*LEGWATCH, "now", "--follow", "--config", str(bedroom.server_toml)),
        bedroom.folder / "now.log",
    )
    bedroom.processes.append(follow)
    beds(bedroom, "resume", BED)
    wait_until(lambda: BED in bedroom.health()["bedsides"], "the bed in /health again")
    wait_until(lambda: f" {BED}: air by the legs" in follow.said(), "a line of what is seen")
    follow.signal(signal.SIGINT)
    assert follow.wait() == 0
    assert "Traceback" not in follow.said()
