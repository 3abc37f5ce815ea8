"""The link to the broker: its patience, and what it lets through."""

import queue
import socket
import threading
from collections import deque
from typing import Any

import pytest
from paho.mqtt.client import MQTT_ERR_AGAIN, MQTT_ERR_NO_CONN, MQTT_ERR_SUCCESS, MQTTMessage
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from legwatch.contract.bedside_command import Cmd, Command
from legwatch.contract.confirmation import Stored
from legwatch.contract.topics import Channel, topic
from legwatch.errors import WireError
from legwatch_device.broker_link import (
    FIRST_WAIT_S,
    LONGEST_WAIT_S,
    MOST_WAITING,
    BrokerLink,
    PubAck,
    RulesGiven,
    _Event,
)
from legwatch_device.settings import MqttTable
from runtime.test_bounded_client import publish


class Patience(threading.Event):
    """Stands for the stop event: notes each wait, and stops after so many."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.waits: list[float] = []
        self._most = most

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout or 0.0)
        if len(self.waits) >= self._most:
            self.set()
        return self.is_set()


class Broker:
    """A client that connects when told so, and loses the connection at once."""

    def __init__(self, link: BrokerLink, *, works: bool) -> None:
        self._link, self._works = link, works

    def connect(self, *_: Any) -> None:
        if not self._works:
            raise ConnectionRefusedError("nobody there")

    def loop(self, _timeout_s: float) -> int:
        self._link._number += 1
        self._link._lost.set()
        return int(MQTT_ERR_NO_CONN)

    def disconnect(self) -> None:
        """Nothing to end."""

    socket = disconnect


def waits(monkeypatch: pytest.MonkeyPatch, *works: bool) -> list[float]:
    monkeypatch.setattr("legwatch_device.broker_link.random.uniform", lambda _a, _b: 1.0)
    link = BrokerLink("anna", MqttTable(), "", queue.Queue())
    patience = link._stop = Patience(len(works))
    answers = iter(works)
    monkeypatch.setattr(link, "_new_client", lambda: Broker(link, works=next(answers)))
    link._connect_forever()
    return patience.waits


def test_waits_grow_to_a_bound_while_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    got = waits(monkeypatch, *[False] * 9)
    assert got == [1, 2, 4, 8, 16, 32, LONGEST_WAIT_S, LONGEST_WAIT_S, LONGEST_WAIT_S]


def test_after_a_connection_that_worked_the_waits_are_short_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    got = waits(monkeypatch, False, False, False, True, False)
    assert got == [1, 2, 4, FIRST_WAIT_S, 2]


def test_a_certificate_that_is_away_for_a_while_ends_no_connecting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("legwatch_device.broker_link.random.uniform", lambda _a, _b: 1.0)
    link = BrokerLink("anna", MqttTable(), "", queue.Queue())
    link._stop = Patience(3)
    clients: list[Any] = [FileNotFoundError(2, "no such file"), PermissionError(13, "no")]

    def made() -> Any:
        if clients:
            raise clients.pop(0)
        return Broker(link, works=True)

    monkeypatch.setattr(link, "_new_client", made)
    link._connect_forever()
    assert link._number


class Info:
    def __init__(self, rc: int = MQTT_ERR_SUCCESS) -> None:
        self.rc, self.done = rc, False

    def is_published(self) -> bool:
        return self.done


def test_the_link_tells_each_event_once_when_the_broker_has_taken_it() -> None:
    said: queue.Queue[object] = queue.Queue()
    link = BrokerLink("anna", MqttTable(), "", said)
    client, former = object(), object()
    first, second, lost, failed = Info(), Info(), Info(), Info(MQTT_ERR_NO_CONN)
    lost.done = True
    events = [
        (b"1", first, client),
        (b"2", second, client),
        (b"3", lost, former),
        (b"4", failed, client),
    ]
    link._events = deque(_Event(*event) for event in events)  # type: ignore[arg-type]
    second.done = True
    link._check_acks(client)  # type: ignore[arg-type]
    assert list(said.queue) == [PubAck(b"2")]
    first.done = True
    link._check_acks(client)  # type: ignore[arg-type]
    link._check_acks(client)  # type: ignore[arg-type]
    assert list(said.queue) == [PubAck(b"2"), PubAck(b"1")]
    assert not link._events


NUDGE = Command("a", Cmd.NUDGE)


class Message:
    def __init__(self, name: str, payload: bytes, *, retain: bool = False) -> None:
        self.topic, self.payload, self.retain = name, payload, retain


def heard(message: Message) -> list[object]:
    said: queue.Queue[object] = queue.Queue()
    BrokerLink("anna", MqttTable(), "", said)._on_message(None, None, message)  # type: ignore[arg-type]
    return list(said.queue)


CMD = topic("anna", Channel.CMD)
NUDGE_JSON = b'{"v":1,"id":"a","cmd":"nudge","tone":"quiet"}'


def test_a_command_is_decoded_and_queued() -> None:
    assert heard(Message(CMD, NUDGE_JSON)) == [NUDGE]
    stored = Message(topic("anna", Channel.STORED), b'{"v":1,"boot":"0000000a","seq":4}')
    assert heard(stored) == [Stored("0000000a", 4)]


def test_what_the_broker_kept_may_be_taken_back_without_a_word(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The bed was put out of use: nothing is broken."""
    assert heard(Message(topic("anna", Channel.STORED), b"")) == []
    assert caplog.text == ""


@pytest.mark.parametrize(
    "message",
    [
        Message(CMD, NUDGE_JSON, retain=True),
        Message(CMD, b'{"v":1,"id":"a","cmd":"warm"}'),
        Message(CMD, b"\xff"),
        Message(CMD, b""),
    ],
)
def test_a_retained_or_senseless_command_is_passed_over(
    message: Message, caplog: pytest.LogCaptureFixture
) -> None:
    assert heard(message) == []
    assert CMD in caplog.text


def test_a_retained_command_says_why_it_is_not_obeyed() -> None:
    with pytest.raises(WireError, match="retained"):
        BrokerLink("anna", MqttTable(), "", queue.Queue())._decoded(
            Message(CMD, NUDGE_JSON, retain=True)  # type: ignore[arg-type]
        )


def test_while_the_agent_is_busy_no_more_is_received_than_fits() -> None:
    """As while a slow card lets it wait: what comes meanwhile stays at the broker."""
    inbox: queue.Queue[object] = queue.Queue()
    client = BrokerLink("anna", MqttTable(), "", inbox)._new_client()
    ours, brokers = socket.socketpair()
    with ours, brokers:
        client._sock = ours
        brokers.sendall(b"".join(publish(CMD, NUDGE_JSON)))
        for _ in range(MOST_WAITING):
            inbox.put("not looked at yet")
        assert client._packet_read() == MQTT_ERR_AGAIN
        assert ours.recv(1, socket.MSG_PEEK)
        inbox.get()
        client._packet_read()
        assert list(inbox.queue)[-1] == NUDGE
        client._sock = None


def test_what_the_server_hands_over_comes_through_also_when_it_is_taken_back() -> None:
    said = queue.Queue[Any]()
    link = BrokerLink("anna", MqttTable(), "", said)
    for payload in (b"{}", b""):
        message = MQTTMessage(topic=topic("anna", Channel.RULES).encode())
        message.payload = payload
        link._on_message(None, None, message)  # type: ignore[arg-type]
    assert [said.get_nowait(), said.get_nowait()] == [RulesGiven(b"{}"), RulesGiven(b"")]


@pytest.mark.parametrize("refused", [(2,), (0, 2), (1,)])
def test_a_broker_that_lets_nobody_read_the_limits_keeps_the_connection(
    refused: tuple[int, ...], caplog: pytest.LogCaptureFixture
) -> None:
    link = BrokerLink("anna", MqttTable(), "", queue.Queue())
    codes = [
        ReasonCode(PacketTypes.SUBACK, "Not authorized" if n in refused else "Granted QoS 1")
        for n in range(3)
    ]
    link._on_subscribe(None, None, 1, codes, None)  # type: ignore[arg-type]
    only_limits = refused == (2,)
    assert ("add it to its acl" in caplog.text) is only_limits
    assert ("refuses the subscriptions" in caplog.text) is not only_limits
