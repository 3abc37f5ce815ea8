"""One connection to a broker, for all sensors of this agent that are published there.

A thread of its own connects, subscribes, and calls each sensor's `hear` with what has come. `hear`
must only decode and put what it has found away. Each run has a client id of its own, so that no
other program's connection is taken over.

What waited in the network while this machine or program slept was said before, and says nothing of
now: the connection is made anew.
"""

import queue
import random
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as mqtt

from legwatch_device.drivers.mqtt.broker import PASSWORD, Broker, in_our_words
from legwatch_runtime.backoff import Backoff
from legwatch_runtime.broker_story import BrokerStory
from legwatch_runtime.clock import Instant, instant
from legwatch_runtime.mqtt import client as mqtt_client
from legwatch_runtime.mqtt import hang_up, refuse_unknown
from legwatch_runtime.part import Parts
from legwatch_runtime.secrets import secret

FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 30.0
KEEPALIVE_S = 20  # a broker that is away is noticed after twice this at most
LOOK_S = 0.25  # a new sensor waits for so long until it is subscribed
STALLED_S = 10.0  # no turn of the thread takes so long, but one in which all has slept
NO_BROKER, REFUSED = "no_broker", "refused"  # faults of a sensor


@dataclass(frozen=True, slots=True)
class Up:
    """The broker has taken the subscription."""


@dataclass(frozen=True, slots=True)
class Down:
    """There is no connection, or no subscription; `why` is the fault of the sensor."""

    why: str = NO_BROKER


@dataclass(frozen=True, slots=True)
class Message:
    """A message; `retained`: the broker had kept it, nobody knows for how long."""

    topic: str
    payload: bytes
    retained: bool = False


Event = Up | Down | Message
Hear = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class Listener:
    """A sensor and its topics."""

    topics: tuple[str, ...]
    hear: Hear


class Link:
    """Connects again and again; one thread owns all but the queue of new listeners."""

    def __init__(self, broker: Broker, password: str, now: Callable[[], Instant] = instant) -> None:
        self._broker, self._password, self._now = broker, password, now
        self._turned_at = now()
        self._id = f"legwatch-{secrets.token_hex(6)}"
        self._new: queue.SimpleQueue[Listener] = queue.SimpleQueue()
        self._listeners: list[Listener] = []
        self._asked: dict[int, Listener] = {}  # subscriptions without an answer, by their number
        self._stop, self._lost = threading.Event(), threading.Event()
        self._up = False
        self._story = BrokerStory(
            broker,
            "its sensors are unknown until it is back",
            f"another one with the user {broker.user}",
            name="broker of the sensors",
            tell=in_our_words,
        )
        self._part = Parts().add("sensors-link", self._connect_forever, within_s=float("inf"))

    def start(self) -> None:
        """Start the thread."""
        self._part.start()

    def add(self, listener: Listener) -> None:
        """Let one more sensor hear its topics."""
        self._new.put(listener)

    def stop(self) -> None:
        """End the connection; for tests, since the agent needs it until its end."""
        self._stop.set()
        self._lost.set()
        self._part.join(2.0)

    def _connect_forever(self) -> None:
        backoff = Backoff(FIRST_WAIT_S, LONGEST_WAIT_S)
        while not self._stop.is_set():
            self._lost.clear()
            self._up = False
            self._story.trying()
            try:
                self._connect()
            finally:  # also if this thread fails, and is started again
                self._tell_all(Down())
            if self._up:  # the connection was there: start with short waits again
                backoff.reset()
            self._stop.wait(backoff.next_s() * random.uniform(0.5, 1.5))  # noqa: S311 - jitter, not secrecy

    def _connect(self) -> None:
        try:  # the file of the authority's certificate may be away, too
            client = self._new_client()
            client.connect(self._broker.host, self._broker.port, KEEPALIVE_S)
        except (OSError, ValueError) as error:
            self._story.failed(error)
        else:
            self._serve(client)

    def _serve(self, client: mqtt.Client) -> None:
        try:
            code = mqtt.MQTT_ERR_SUCCESS
            while not self._lost.is_set() and code == mqtt.MQTT_ERR_SUCCESS:
                self._turned_at = self._now()
                code = client.loop(LOOK_S)
                self._take_new(client if self._up else None)
            refuse_unknown(code)
            client.disconnect()
            client.loop(0.0)  # writes the last word
        finally:
            hang_up(client)

    def _new_client(self) -> mqtt.Client:
        client = mqtt_client(self._broker, self._password, self._id, clean_session=True)
        client.connect_timeout = 5.0
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        return client

    def _take_new(self, client: mqtt.Client | None) -> None:
        while not self._new.empty():
            listener = self._new.get_nowait()
            self._listeners.append(listener)
            if client is not None:
                self._subscribe(client, listener)

    def _subscribe(self, client: mqtt.Client, listener: Listener) -> None:
        _, number = client.subscribe([(topic, 1) for topic in listener.topics])
        if number is not None:
            self._asked[number] = listener

    def _on_connect(
        self, client: mqtt.Client, _data: object, _flags: object, code: Any, _properties: object
    ) -> None:
        if code.is_failure:
            self._story.failed(code)
            self._lost.set()
            return
        self._story.up()
        self._up = True
        self._asked.clear()
        self._take_new(None)
        for listener in self._listeners:
            self._subscribe(client, listener)

    def _on_subscribe(
        self, _client: mqtt.Client, _data: object, number: int, codes: list[Any], _other: object
    ) -> None:
        listener = self._asked.pop(number, None)
        if listener is None:
            return
        refused = [
            topic for topic, code in zip(listener.topics, codes, strict=False) if code.is_failure
        ]
        if refused:
            self._story.failed(f"it refuses the subscription of {', '.join(refused)}")
        listener.hear(Down(REFUSED) if refused else Up())

    def _on_disconnect(
        self, _client: mqtt.Client, _data: object, _flags: object, code: Any, _properties: object
    ) -> None:
        if not self._lost.is_set():  # nobody here has ended it
            self._story.lost(code)
        self._lost.set()

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        if self._lost.is_set() or self._now().since(self._turned_at) > STALLED_S:
            self._lost.set()
            return
        heard = Message(message.topic, bytes(message.payload), retained=message.retain)
        for listener in self._listeners:
            if heard.topic in listener.topics:
                listener.hear(heard)

    def _tell_all(self, event: Event) -> None:
        self._take_new(None)
        for listener in self._listeners:
            listener.hear(event)


_links: dict[Broker, Link] = {}
_lock = threading.Lock()  # drivers start at the same time


def listen(broker: Broker, topics: tuple[str, ...], hear: Hear) -> None:
    """Call `hear` with what comes of these topics, from the thread of the broker's connection.

    Raises SettingsError for a secret that cannot be read.
    """
    password = secret(PASSWORD) if broker.user else ""
    with _lock:
        link = _links.get(broker)
        if link is None:
            link = _links[broker] = Link(broker, password)
            link.start()
    link.add(Listener(topics, hear))


def stop_all() -> None:
    """End all connections; for tests."""
    with _lock:
        links = list(_links.values())
        _links.clear()
    for link in links:
        link.stop()
