"""What one bed can do to the others at a real broker with the shipped configuration: nothing."""

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from end_to_end.bedroom import BUTTON, Bedroom
from end_to_end.house import PASSWORD, wait_until
from legwatch_server.beds.crash_suspects import MOST_CRASHES
from repository import REPO


@pytest.fixture
def bedroom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mosquitto: None) -> Iterator[Bedroom]:
    monkeypatch.setenv("LEGWATCH_MQTT_PASSWORD", PASSWORD)
    with Bedroom(tmp_path) as made:
        yield made


def intruder(bedroom: Bedroom, client_id: str) -> mqtt.Client:
    """Connect with bert's good password, as whoever has bert's Pi could."""
    client = mqtt.Client(
        CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=True, protocol=mqtt.MQTTv311
    )
    client.username_pw_set("bert", PASSWORD)
    client.reconnect_delay_set(1, 1)
    client.connect("127.0.0.1", bedroom.port)
    client.loop_start()
    wait_until(client.is_connected, "the intruder's connection", 10)
    return client


def guides_rights() -> str:
    """Return the lines that the guide puts into the broker's file for another program."""
    page = (REPO / "deploy/README.md").read_text()
    _, _, below = page.partition("\n## Other programs on the broker\n")
    lines = below.partition("```\n")[2].partition("```")[0]
    return lines if lines.startswith("user ") else ""


def test_another_program_reads_what_the_guide_lets_it_read_and_no_more(bedroom: Bedroom) -> None:
    broker = bedroom.broker()
    heard: list[str] = []
    for rights in ("", guides_rights().replace("user dashboard", "user bert")):
        with (bedroom.folder / "broker/acl").open("a") as acl:
            acl.write(f"\n{rights}")
        os.kill(broker.pid, signal.SIGHUP)  # as a reload of the service does
        heard.clear()
        program = intruder(bedroom, "bert")
        program.on_message = lambda _client, _data, message: heard.append(message.topic)
        program.on_subscribe = lambda *_: heard.append("listens")
        program.subscribe("legwatch/v1/#", qos=1)
        wait_until(lambda: "listens" in heard, "the subscription", 10)
        for what in ("anna/state", "anna/alert/cold", "anna/window", "bert/stored"):
            publish(bedroom, f"legwatch/v1/{what}")
        wait_until(lambda: "legwatch/v1/bert/stored" in heard, "what it may read anyway", 10)
        end(program)
    told = ["listens", "legwatch/v1/anna/state", "legwatch/v1/anna/alert/cold"]
    assert heard == [*told, "legwatch/v1/bert/stored"]


def publish(bedroom: Bedroom, place: str) -> None:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="server")
    client.username_pw_set("server", PASSWORD)
    client.connect("127.0.0.1", bedroom.port)
    client.loop_start()
    client.publish(place, "{}", qos=1).wait_for_publish(10)
    end(client)


def end(client: mqtt.Client) -> None:
    client.disconnect()
    client.loop_stop()


@pytest.mark.parametrize("client_id", ["legwatch-server", "server"])
def test_nobody_takes_over_the_servers_session_by_its_client_id(
    bedroom: Bedroom, client_id: str
) -> None:
    bedroom.broker()
    bedroom.server()
    bedroom.bed("anna", tap=True, **BUTTON)
    bedroom.wait_windows(2)
    client = intruder(bedroom, client_id)
    before = bedroom.count("windows")
    bedroom.tap()
    bedroom.wait_windows(before + 4)
    wait_until(lambda: bedroom.count("presses") == 1, "the press")
    assert bedroom.broker_log().count(" as server ") == 1  # it was never thrown out
    end(client)


def test_a_press_that_only_the_broker_had_is_not_lost(bedroom: Bedroom) -> None:
    """The broker loses its memory between its own word and the server's."""
    broker = bedroom.broker()
    server = bedroom.server()
    agent = bedroom.bed("anna", tap=True, **BUTTON)
    bedroom.wait_windows(1)
    server.kill()
    bedroom.tap()
    wait_until(lambda: "/event'" in bedroom.broker_log(), "the press at the broker")
    time.sleep(1)  # its acknowledgement is with the agent
    broker.kill()
    for memory in (bedroom.folder / "broker").glob("*.db"):
        memory.unlink()
    bedroom.broker()
    bedroom.server()
    wait_until(lambda: bedroom.count("presses") == 1, "the press in the store")
    assert agent.code is None


def window(seq: int, to_ms: int, **other: Any) -> bytes:
    body = {
        "v": 1,
        "boot": "bbbbbbbb",
        "seq": seq,
        "from_ms": to_ms - 10_000,
        "to_ms": to_ms,
        "mono_ms": seq,
        "clock": "played",
        "leg_c": 22.0,
        "low": 1,
        "age_ms": 0,
    }
    return json.dumps(body | other, separators=(",", ":")).encode()


def test_a_real_bed_that_plays_with_time_costs_the_others_nothing(bedroom: Bedroom) -> None:
    bedroom.write_server(beds={})
    bedroom.broker()
    bedroom.server()
    bedroom.bed("anna")
    client = intruder(bedroom, "x")
    day_ms, now_ms = 86_400_000, time.time_ns() // 1_000_000
    for seq in range(1, 301):
        to_ms = (1, 129 * 365)[seq % 2] * day_ms if seq % 3 else now_ms + seq * 36 * 3_600_000
        client.publish("legwatch/v1/bert/window", window(seq, to_ms), qos=1)
    wait_until(lambda: bedroom.count("quarantine") == 300, "all set aside")
    before = bedroom.count("windows")
    bedroom.wait_windows(before + 3, 20)
    assert bedroom.rows(
        "SELECT count(*) FROM windows JOIN beds b ON b.id=bed_id WHERE b.name='bert'"
    ) == [(0,)]
    assert bedroom.count("notices") == 0
    end(client)


def test_half_a_character_of_one_bed_leaves_every_bed_watched(bedroom: Bedroom) -> None:
    bedroom.broker()
    server = bedroom.server()
    bedroom.bed("anna")
    client = intruder(bedroom, "x")
    now_ms = time.time_ns() // 1_000_000
    odd = window(1, now_ms, clock="synced", faults={"leg": "\ud800"})
    client.publish("legwatch/v1/bert/window", odd, qos=1)
    client.publish("legwatch/v1/bert/window", window(2, now_ms, leg_c="\ud800"), qos=1)
    wait_until(lambda: bedroom.count("quarantine") == 1, "the bad one set aside")
    wait_until(lambda: bedroom.count("windows", "faults='leg:?'") == 1, "the other one")
    before = bedroom.count("windows")
    bedroom.wait_windows(before + 3, 20)
    assert server.code is None
    assert "Traceback" not in server.said()
    end(client)


# A server that dies, as by a fault in a library, of one message: nothing of ours can catch that.
MORTAL = """
import os, sys
from legwatch_server.app import main
import legwatch_server.{module} as place
whole = place.{function}
def dying(first, *more):
    if b'"seq":666' in first if isinstance(first, bytes) else first.seq == 666:
        os.abort()
    return whole(first, *more)
place.{function} = dying
sys.exit(main(["--config", sys.argv[1]]))
"""
PLACES = {"decoding": ("ingest.decode", "decode_window"), "judging": ("beds.placement", "correct")}


@pytest.mark.parametrize("place", PLACES)
def test_a_message_of_which_the_server_dies_is_set_aside_at_last(
    bedroom: Bedroom, place: str
) -> None:
    bedroom.broker()
    module, function = PLACES[place]
    mortal = MORTAL.format(module=module, function=function)
    words = (sys.executable, "-c", mortal, str(bedroom.server_toml))
    env = {"LEGWATCH_MQTT_PASSWORD": PASSWORD}
    server = bedroom._start(words, "server", env)
    bedroom.bed("anna")
    bedroom.wait_windows(2)
    client = intruder(bedroom, "x")
    now_ms = time.time_ns() // 1_000_000
    client.publish("legwatch/v1/bert/window", window(666, now_ms, clock="synced"), qos=1)
    starts = 0
    while bedroom.count("quarantine") == 0:
        server.wait(20)
        starts += 1
        assert starts <= 1 + MOST_CRASHES, server.said()[-2000:]
        server = bedroom._start(words, "server", env)
        wait_until(lambda s=server: s.code is not None or bedroom.count("quarantine"), "its fate")  # type: ignore[misc]
    assert starts == 1 + MOST_CRASHES
    before = bedroom.count("windows")
    bedroom.wait_windows(before + 3, 20)
    assert server.code is None
    ((why, payload),) = bedroom.rows("SELECT why, payload FROM quarantine")
    assert why == "the server crashed several times on this message"
    assert b'"seq":666' in payload
    gaps = "SELECT max(seq) - count(*) FROM windows w JOIN beds b ON b.id=bed_id WHERE name='anna'"
    wait_until(lambda: bedroom.rows(gaps) == [(0,)], "every window of the other bed")
    end(client)
