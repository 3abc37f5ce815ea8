"""A real broker that is stopped says of every agent that it is gone: that is no agent's fault."""

import json
from collections.abc import Iterator
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from end_to_end.house import PASSWORD, USER, House, wait_until
from legwatch_server.transport import NO_BROKER

STATUS = "legwatch/v1/b9/status"


@pytest.fixture
def broker(house: House) -> Any:
    return house.broker()


@pytest.fixture
def agent(house: House, broker: object) -> Iterator[mqtt.Client]:
    """What is an agent to broker and server: its word, and its last will."""
    del broker
    client = mqtt.Client(CallbackAPIVersion.VERSION2, "b9", protocol=mqtt.MQTTv311)
    client.username_pw_set(USER, PASSWORD)
    client.will_set(STATUS, b"offline", qos=1, retain=True)
    client.connect("127.0.0.1", house.port)
    client.loop_start()
    yield client
    client.loop_stop()


def bedside(house: House) -> dict[str, Any]:
    """Return what the store has of the bed's agent."""
    rows = house.rows("SELECT bedside FROM beds WHERE name='b9'")
    names = ("info", "online", "gone_ms")
    return dict(zip(names, json.loads(rows[0][0]), strict=False)) if rows and rows[0][0] else {}


def test_what_a_stopped_broker_says_of_an_agent_counts_from_its_return(
    house: House, broker: Any, agent: mqtt.Client
) -> None:
    house.server()
    agent.publish(STATUS, b"online", qos=1, retain=True)
    wait_until(lambda: bedside(house).get("online") is True, "the agent's word in the store")
    agent.loop_stop()  # it stays away: its will alone speaks
    broker.stop()
    wait_until(lambda: NO_BROKER in house.health()["wrong"], "a server without a broker")
    wait_until(lambda: bedside(house)["gone_ms"], "the agent's will in the store", 10)
    stopped_ms = bedside(house)["gone_ms"]
    house.broker()
    wait_until(lambda: NO_BROKER not in house.health()["wrong"], "the broker")
    wait_until(lambda: bedside(house)["gone_ms"] > stopped_ms, "the time from the return on", 10)
    assert bedside(house)["online"] is False
    back = house.publisher()
    back.publish(STATUS, b"online", qos=1, retain=True)
    wait_until(lambda: bedside(house)["online"], "the agent's word after the return")
    assert bedside(house)["gone_ms"] == 0
    back.disconnect()
    back.loop_stop()
