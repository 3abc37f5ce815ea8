"""The connection to the sensors' broker: what waited while all slept is not heard."""

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from legwatch_device.drivers.mqtt.broker import Broker, in_our_words
from legwatch_device.drivers.mqtt.link import STALLED_S, Event, Link, Listener, Message
from legwatch_runtime.testing import FakeClock


def message(payload: bytes) -> MQTTMessage:
    made = MQTTMessage(topic=b"a")
    made.payload = payload
    return made


def test_what_comes_after_a_sleep_was_said_before_it() -> None:
    clock, heard = FakeClock(), list[Event]()
    link = Link(Broker(), "", clock.instant)
    link.add(Listener(("a",), heard.append))
    link._take_new(None)
    client = Client(CallbackAPIVersion.VERSION2)
    link._on_message(client, None, message(b"1"))
    clock.sleep_machine(round(STALLED_S * 1000) + 1)
    link._on_message(client, None, message(b"2"))
    link._turned_at = clock.instant()  # the next turn; the connection is given up
    link._on_message(client, None, message(b"3"))
    assert heard == [Message("a", b"1")]
    assert link._lost.is_set()


def test_the_keys_are_those_of_the_table_of_the_sensor() -> None:
    said = in_our_words("wrong user or password (mqtt.user, LEGWATCH_MQTT_PASSWORD)")
    assert said == "wrong user or password (broker.user, LEGWATCH_SENSORS_PASSWORD)"
