"""A broker in memory: it stands for paho's client, and brings each message to who asked for it."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from paho.mqtt.client import MQTT_ERR_NO_CONN, MQTT_ERR_SUCCESS, topic_matches_sub
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from legwatch_server.ingest.packets import Published

Take = Callable[[Sequence[Published]], None]
GOOD = ReasonCode(PacketTypes.CONNACK, "Success")
GRANTED = ReasonCode(PacketTypes.SUBACK, "Granted QoS 1")


class Message(NamedTuple):
    """A message as paho hands it on."""

    topic: str
    payload: bytes
    retain: bool
    qos: int = 1
    mid: int = 1


class Spoken(NamedTuple):
    """A message and who has published it: `server`, or the agent."""

    who: str
    message: Message


class Info:
    """What paho says of a message that it sends."""

    rc = MQTT_ERR_SUCCESS

    def is_published(self) -> bool:
        return True

    def wait_for_publish(self, timeout: float) -> None:
        """It is."""


@dataclass
class Broker:
    """All that was said, and who listens to what."""

    spoken: list[Spoken] = field(default_factory=list)
    clients: list["Client"] = field(default_factory=list)

    def client(
        self, *_: object, client_id: str, take: Take | None = None, **_more: object
    ) -> "Client":
        """Make a client, in the place of paho's; the server's has `take` for its messages."""
        made = Client(self, client_id)
        if take is not None:
            made.on_message = in_bulk(take)
        self.clients.append(made)
        return made

    def take(self, who: str, message: Message) -> None:
        self.spoken.append(Spoken(who, message))
        for client in self.clients:
            if client.hears(message.topic):
                client.on_message(client, None, message._replace(retain=False))

    def readers(self, topic: str) -> list[str]:
        """Return who has asked for a topic."""
        return [client.name for client in self.clients if client.hears(topic)]


def in_bulk(take: Take) -> Callable[..., None]:
    """Return what hands a message on as the server's client does."""

    def hand_on(_client: object, _data: object, one: Message) -> None:
        mid = one.mid if one.qos else 0
        take([Published(one.topic.encode(), one.payload, mid, one.retain)])

    return hand_on


class Client:
    """As much of paho's client as the agent and the server use."""

    connect_timeout = 0.0

    def __init__(self, broker: Broker, name: str) -> None:
        self._broker, self.name = broker, name
        self._wanted: list[str] = []
        self._up = self._greeted = False
        self._gone = threading.Event()
        self.will: Message | None = None
        self.on_message: Callable[..., None] = lambda *_: None
        self.on_connect = self.on_subscribe = self.on_disconnect = self.on_message

    def __getattr__(self, name: str) -> Any:
        """Take every setting: reconnect_delay_set, max_inflight_messages_set, ack and the like."""
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *_, **_more: None

    def will_set(self, topic: str, payload: bytes, qos: int, *, retain: bool) -> None:
        self.will = Message(topic, payload, retain, qos)

    def connect(self, *_: object) -> None:
        self._up = True

    connect_async = connect

    def reconnect(self) -> None:
        self._greeted = False
        self._up = True

    def loop(self, timeout: float) -> int:
        """Take part in the connection for one turn."""
        if not self._greeted:
            self._greeted = True
            self.on_connect(self, None, {}, GOOD, None)
        return MQTT_ERR_NO_CONN if self._gone.wait(timeout) else MQTT_ERR_SUCCESS

    def disconnect(self) -> None:
        self._gone.set()

    def socket(self) -> object:
        """Return something: it is only asked whether there is one."""
        return self._broker

    def is_connected(self) -> bool:
        return self._up

    def subscribe(self, wanted: list[tuple[str, int]]) -> None:
        self._wanted += [pattern for pattern, _ in wanted]
        self.on_subscribe(self, None, 1, [GRANTED for _ in wanted], None)

    def hears(self, topic: str) -> bool:
        return any(topic_matches_sub(pattern, topic) for pattern in self._wanted)

    def publish(self, topic: str, payload: bytes, qos: int = 0, *, retain: bool = False) -> Info:
        self._broker.take(self.name, Message(topic, payload, retain, qos))
        return Info()
