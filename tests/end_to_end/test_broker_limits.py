"""What the broker takes in, by the configuration that we write: nothing huge, but whole nights."""

import queue
import time
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from campaigns.raw_mqtt import publish
from end_to_end.house import PASSWORD, USER, House, wait_until

WINDOWS = "legwatch/v1/+/window"
TOPIC = "legwatch/v1/anna/window"
WINDOWS_OF_NIGHTS = 3 * 12 * 360  # of three nights of a bed


@pytest.fixture
def house(tmp_path: Path, mosquitto: None) -> Iterator[House]:
    del mosquitto
    with House(tmp_path) as made:
        made.broker()
        yield made


class Listener:
    """A client with a session, as the server is one."""

    def __init__(self, house: House) -> None:
        self.heard: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self.client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id="listener",
            clean_session=False,
            protocol=mqtt.MQTTv311,
        )
        self.client.username_pw_set(USER, PASSWORD)
        self.client.on_message = lambda _client, _data, message: self.heard.put(
            bytes(message.payload)
        )
        self.client.connect("127.0.0.1", house.port)
        self.client.loop_start()
        wait_until(self.client.is_connected, "the listener's connection")

    def subscribe(self) -> None:
        done = queue.SimpleQueue[object]()
        self.client.on_subscribe = lambda *_: done.put(None)
        self.client.subscribe(WINDOWS, 1)
        done.get(timeout=10)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.mark.parametrize("qos", [0, 1])
@pytest.mark.parametrize("retain", [False, True])
def test_a_message_of_more_than_64_kb_is_not_passed_on(
    house: House, qos: int, retain: bool
) -> None:
    listener = Listener(house)
    listener.subscribe()
    for size in (70_000, 4096, 20_000_000, 4095):
        publish(
            house.port, (USER, PASSWORD), TOPIC, b"x" * size, qos=qos, retain=retain and size > 5000
        )
        time.sleep(0.1)
    assert len(listener.heard.get(timeout=10)) == 4096
    assert len(listener.heard.get(timeout=10)) == 4095
    listener.close()
    late = Listener(house)
    late.subscribe()
    time.sleep(0.2)
    assert late.heard.empty()  # nothing of it was retained
    late.close()


def test_nights_wait_for_the_server_in_full(house: House) -> None:
    listener = Listener(house)
    listener.subscribe()
    listener.close()
    sender = house.publisher()
    for number in range(WINDOWS_OF_NIGHTS):
        sender.publish(TOPIC, b"%06d" % number + b"w" * 300, qos=1)
    sender.publish(TOPIC, b"last", qos=1).wait_for_publish(60)
    sender.disconnect()
    sender.loop_stop()
    listener = Listener(house)
    found = [listener.heard.get(timeout=20) for _ in range(WINDOWS_OF_NIGHTS + 1)]
    assert [int(one[:6]) for one in found[:-1]] == list(range(WINDOWS_OF_NIGHTS))
    assert found[-1] == b"last"
    listener.close()
