"""Two servers, or two agents, that take each other's place at a real broker are told."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3
from tomlkit import dumps as dump

from end_to_end.bedroom import Bedroom
from end_to_end.house import LEGWATCH, PASSWORD, Phones, Process, free_port, wait_until

OFTEN = "the broker ends each connection within seconds"


@pytest.fixture
def bedroom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mosquitto: None) -> Iterator[Bedroom]:
    monkeypatch.setenv("LEGWATCH_MQTT_PASSWORD", PASSWORD)
    with Bedroom(tmp_path) as made:
        yield made


def health(port: int) -> dict[str, Any]:
    answer = urllib3.request("GET", f"http://127.0.0.1:{port}/health", retries=False, timeout=5.0)
    found: dict[str, Any] = json.loads(answer.data)
    return {**found, "code": answer.status}


def second_server(bedroom: Bedroom, port: int) -> Process:
    """Start a server with the same name at the broker, and a memory of its own."""
    folder = bedroom.folder / "second"
    path = bedroom.folder / "second.toml"
    table = {"state_dir": str(folder), "zone": "UTC", "mqtt": bedroom._way()}
    path.write_text(dump({**table, "http": {"host": "127.0.0.1", "port": port}}))
    env = {"LEGWATCH_MQTT_PASSWORD": PASSWORD}
    return bedroom._start((*LEGWATCH, "server", "--config", str(path)), "second", env)


def test_two_servers_with_one_name_are_told_once_in_log_health_and_push(
    bedroom: Bedroom, phones: Phones
) -> None:
    bedroom.write_server(push={"channels": ["ntfy"], "ntfy": {"url": phones.url, "topic": "t"}})
    bedroom.broker()
    first, port = bedroom.server(), free_port()
    second = second_server(bedroom, port)

    def told() -> list[str]:
        return [b["title"] for b in phones.bodies if "other's place" in b.get("title", "")]

    wait_until(lambda: OFTEN in first.said() and OFTEN in second.said(), "both logs", 30)
    for one in (bedroom.http_port, port):
        found = health(one)
        assert (found["status"], found["code"]) == ("degraded", 503)
        assert [why for why in found["wrong"] if OFTEN in why and "mqtt.client_id" in why]
    assert "(mqtt.client_id = legwatch-server or mqtt.user = server)" in second.said()
    wait_until(told, "the push", 40)
    assert second.stop() == 0
    (title,) = told()
    assert title.startswith("Two servers take each other's place")
    assert first.said().count(OFTEN) == 1


def test_a_cloned_card_is_told_once_in_both_logs_health_and_push(
    bedroom: Bedroom, phones: Phones
) -> None:
    push = {"channels": ["ntfy"], "ntfy": {"url": phones.url, "topic": "t"}}
    bedroom.write_server(push=push, beds={})
    bedroom.broker()
    bedroom.server()
    first = bedroom.bed("anna")
    config = bedroom.folder / "clone.toml"
    text = (bedroom.folder / "agent-anna.toml").read_text()
    config.write_text(text.replace("/agent-anna", "/clone"))
    clone = bedroom._start((*LEGWATCH, "agent", "--config", str(config)), "clone")

    def told() -> list[str]:
        return [b["title"] for b in phones.bodies if "send as one bed" in b.get("title", "")]

    def wrong() -> list[str]:
        found: list[str] = health(bedroom.http_port)["wrong"]
        return [why for why in found if "two agents send as bed anna in turn" in why]

    wait_until(lambda: told() and wrong(), "the push, and health", 40)
    wait_until(lambda: OFTEN in first.said() and OFTEN in clone.said(), "both logs", 30)
    assert "(another agent with bed = anna or mqtt.user = anna)" in clone.said()
    assert len(told()) == 1
