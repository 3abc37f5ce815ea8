"""The server's connection to the broker: it decodes what comes, and fills the writer's queue.

The server acknowledges a message only after its commit: after a crash in between, the broker sends
the message again. The server drops acknowledgements for an earlier connection: their numbers may
mean other messages by then, and the broker sends unacknowledged messages again anyway.

The server has no other connection: the broker allows one connection for each user, so that nobody
can take over another user's session.

The server speaks MQTT 5 where the broker does: only there a client can say how many unacknowledged
messages it may have, and a broker allows 20 by itself. Any other broker is asked again at once, in
MQTT 3.1.1.
"""

import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import paho.mqtt.client as mqtt

from legwatch.contract.topics import ROOT, Channel
from legwatch.named_tuples import maker
from legwatch_runtime.backoff import Backoff
from legwatch_runtime.broker_story import BrokerStory
from legwatch_runtime.clock import awake_s
from legwatch_runtime.mqtt import hang_up, prepared, refuse_unknown
from legwatch_runtime.part import Parts
from legwatch_server.inbox import Arrived, Connected, Message, Request, named
from legwatch_server.ingest.bulk_client import BulkClient
from legwatch_server.ingest.decode import CHANNELS, decode
from legwatch_server.ingest.packets import Published
from legwatch_server.ingest.unsure import UnsureLimit
from legwatch_server.settings import BrokerTable
from legwatch_server.timeline import Stamp
from legwatch_server.transport import Outgoing

LONGEST_TOPIC = 200  # characters; no topic of the contract is longer
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 30.0
LOOK_S = 1.0  # how long the connection's thread waits for a message in one turn
WITHIN_S = 300.0  # to look up a name and to connect can take long
ANSWER_S = 10.0  # for a broker's yes or no to MQTT 5
UNSUPPORTED, SILENT = "Unsupported protocol version", "Keep alive timeout"  # a broker's reasons


class Receipt(NamedTuple):
    """The number of a message of QoS 1 on one connection."""

    connection: int
    mid: int


_message, _receipt = maker(Message), maker(Receipt)
_RESULT = f"/{Channel.RESULT.value}"
_KEPT = (f"/{Channel.STATUS.value}", f"/{Channel.INFO.value}")  # what agents let the broker keep


class BrokerConnection:
    """Subscribes on every connect; the broker keeps the session while the server is away.

    While `full` says so, nothing is received: the broker keeps what comes. `dropped` gets the topic
    of each message of QoS 0 that came in a flood and is not read.
    """

    def __init__(
        self,
        settings: BrokerTable,
        password: str,
        put: Callable[[Request], None],
        stamp: Callable[[], Stamp],
        decode: Callable[[Message], Arrived] = decode,
        put_all: Callable[[Sequence[Request]], None] | None = None,
        full: Callable[[], bool] = lambda: False,
        dropped: Callable[[str], None] = lambda _topic: None,
        parts: Parts | None = None,
    ) -> None:
        self._settings, self._put, self._decode = settings, put, decode
        self._put_all = put_all or partial(_each, put)
        self._stamp = stamp
        self._unsure = UnsureLimit(dropped)
        self._answers: Callable[[str, bytes], None] = lambda _topic, _payload: None
        self._connection, self._line = 0, threading.Lock()  # its number changes only with the lock
        self._answered = self._older = False  # of this connection; of the next one, for one try
        self._ready = threading.Event()  # the broker has our subscriptions
        who = f"mqtt.client_id = {settings.client_id}"
        who += f" or mqtt.user = {settings.user}" if settings.user else ""
        self.story = BrokerStory(settings, "trying again", who, password=bool(password))
        self._heard_s = awake_s()
        bulk = BulkClient(client_id=settings.client_id, take=self._take, full=full)
        self._client = client = prepared(bulk, settings, password)
        self._stopping = threading.Event()
        self._backoff = Backoff(FIRST_WAIT_S, LONGEST_WAIT_S)
        self._part = (parts or Parts()).add("broker", self._run, within_s=WITHIN_S)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect

    def hear_answers(self, hear: Callable[[str, bytes], None]) -> None:
        """Pass the agents' answers to `hear`, on the connection's thread; call before `start`."""
        self._answers = hear

    def start(self) -> None:
        """Connect in the background, with retries until `stop`."""
        self._part.start()

    def connected(self) -> bool:
        """Return True while the broker is connected."""
        # After an error of the protocol, paho takes itself for connected until the next try.
        return self._client.is_connected() and self._client.socket() is not None

    def ready(self, timeout_s: float) -> str:
        """Wait for the subscriptions; empty on success, else the reason of the failure."""
        if self._ready.wait(timeout_s):
            return ""
        why = self.story.why or "it cannot be reached"
        return f"broker {self._settings.host}:{self._settings.port}: {why}"

    def silent_s(self) -> float:
        """Return for how long the broker has brought nothing, though it is connected; else 0."""
        return awake_s() - self._heard_s if self.connected() else 0.0

    def contested(self) -> bool:
        """Return True while another program takes this one's place, again and again."""
        return self.story.contested()

    def say(self, topic: str, payload: bytes) -> bool:
        """Publish once with QoS 0; False without a connection."""
        return self._client.publish(topic, payload, qos=0).rc == mqtt.MQTT_ERR_SUCCESS

    def confirm(self, receipts: Sequence[object]) -> None:
        """Acknowledge committed messages, except those of an earlier connection."""
        with self._line:  # what is queued here, before a new connection begins, goes with the old
            self._client.acknowledge(
                [
                    receipt.mid
                    for receipt in receipts
                    if isinstance(receipt, Receipt) and receipt.connection == self._connection
                ]
            )

    def publish(self, message: Outgoing) -> None:
        """Publish; without a connection, QoS 1 waits in memory and QoS 0 is dropped."""
        if message.sure or self._client.is_connected():
            self._client.publish(
                message.topic, message.payload, qos=int(message.sure), retain=message.retain
            )

    def stop(self) -> None:
        """End the connection."""
        self._stopping.set()
        self._client.disconnect()
        self._part.join(2 * LOOK_S)

    def _run(self) -> None:
        """Connect and receive until `stop`; after a failure the guard calls this again."""
        client, where = self._client, self._settings
        client.connect_async(where.host, where.port, where.keepalive_s)
        while not self._stopping.is_set():
            self.story.trying()
            try:
                self._connect(client)
            except (OSError, ValueError) as error:
                self.story.failed(error)
            else:
                self._receive(client)
            if not self._older:
                self._rest(self._backoff.next_s())

    def _connect(self, client: BulkClient) -> None:
        """Begin a new connection; the receipts of the one before are void from here on."""
        with self._line:
            self._connection += 1
        client.older, self._older, self._answered = self._older, False, False
        client.reconnect()

    def _receive(self, client: mqtt.Client) -> None:
        """Receive until the connection is lost."""
        begun_s = awake_s()
        while (code := client.loop(LOOK_S)) == mqtt.MQTT_ERR_SUCCESS:
            self._part.turned()
            if self._is_unknown() and awake_s() - begun_s > ANSWER_S:
                self._older = True
                hang_up(client)
        refuse_unknown(code)

    def _rest(self, seconds: float) -> None:
        """Wait before the next try to connect."""
        self._part.turned()
        self._stopping.wait(seconds)
        self._part.turned()

    def _is_unknown(self) -> bool:
        """Return True while MQTT 5 is spoken, and the broker has not shown that it knows it."""
        return not (self._answered or self._client.older)

    def _on_connect(
        self, client: mqtt.Client, _data: object, _flags: object, code: Any, _properties: object
    ) -> None:
        if code == UNSUPPORTED and self._is_unknown():
            return  # the end of the connection, which follows, takes it for no answer
        self._answered = True
        if code.is_failure:
            self.story.failed(code)
            return
        self.story.up()
        self._heard_s = awake_s()
        self._backoff.reset()
        # QoS 0: the broker must not keep answers and requests. A late answer is useless, and a
        # late request would answer an alert that its sender has not seen.
        now = [(f"{ROOT}/+/{channel.value}", 0) for channel in (Channel.RESULT, Channel.REQUEST)]
        client.subscribe([*((f"{ROOT}/+/{channel}", 1) for channel in CHANNELS), *now])
        self._put(Connected())

    def _on_subscribe(
        self, _client: mqtt.Client, _data: object, _mid: int, codes: list[Any], _properties: object
    ) -> None:
        if any(code.is_failure for code in codes):
            user = self._settings.user or "this client"
            self.story.failed(f"it refuses the subscriptions: may {user} read {ROOT}/# (its ACL)?")
            return
        self._ready.set()

    def _on_disconnect(
        self, _client: mqtt.Client, _data: object, flags: Any, code: Any, _properties: object
    ) -> None:
        self._ready.clear()
        if self._stopping.is_set() or self._older:
            return
        if self._is_unknown():
            self._older = True  # not every broker answers in a version that it does not know
        elif flags.is_disconnect_packet_from_server and code == SILENT:
            self.story.lost("it has heard nothing from here for mqtt.keepalive_s")
        elif code.is_failure:
            self.story.lost(self._client.fault or code)

    def _take(self, messages: Sequence[Published]) -> None:
        """Decode messages that came together, and hand them to the writer or to who waits."""
        self._heard_s = awake_s()
        stamp, connection = self._stamp(), self._connection
        arrived: list[Arrived] = []
        try:
            for message in messages:
                one = self._read(message, _receipt((connection, message.mid)), stamp)
                if one is not None:
                    arrived.append(one)
        finally:  # what was read before a fault is not lost
            self._put_all(arrived)

    def _read(self, message: Published, receipt: Receipt, stamp: Stamp) -> Arrived | None:
        """Return what a message says to the writer; None: it is not for the writer."""
        try:
            topic = message.topic.decode()[:LONGEST_TOPIC]
        except UnicodeDecodeError:
            topic = "?"
        sure, payload = message.mid > 0, message.payload
        if not sure and not self._unsure.take(topic):
            return None
        if topic.endswith(_RESULT):
            if not message.retained:  # a retained answer is of an unknown age
                self._answers(topic, payload)
            return None
        if not payload and topic.endswith(_KEPT):
            self.confirm([receipt] if sure else [])
            return None  # what the broker had kept is taken back: that says nothing
        return self._decode(
            _message(
                (
                    topic,
                    payload,
                    stamp.at_ms,
                    receipt if sure else None,
                    message.retained,
                    stamp.moved_ms,
                    named(topic, payload),  # once: the guard of the decoder and the writer ask
                )
            )
        )


def _each(put: Callable[[Request], None], requests: Sequence[Request]) -> None:
    for request in requests:
        put(request)
