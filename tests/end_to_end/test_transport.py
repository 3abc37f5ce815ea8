"""The contract of a transport, tried on every one; today that is MQTT over a real mosquitto.

A new transport adds a `Line`: how it is made, how an agent reaches it, and how its line is cut.
"""

import queue
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import pytest

from end_to_end.house import PASSWORD, USER, House, wait_until
from legwatch.contract.bedside_info import BedsideInfo, encode_info
from legwatch.contract.press import Press, encode_press
from legwatch.contract.window import encode_window
from legwatch.testing import live_window, ms
from legwatch_server.inbox import (
    Arrived,
    Connected,
    InfoArrived,
    PressArrived,
    Request,
    StatusArrived,
    Unreadable,
    WindowArrived,
)
from legwatch_server.ingest.broker import BrokerConnection
from legwatch_server.settings import BrokerTable
from legwatch_server.timeline import Timeline
from legwatch_server.transport import Outgoing, Transport

AT_MS = ms("2026-01-02T22:00Z")
Put = Callable[[Request], None]


class Line(Protocol):
    """The other side of a transport."""

    def open(self, put: Put) -> Transport:
        """Return the server's end, not started yet; each time with the same identity."""

    def subscribed(self) -> bool:
        """Return True when the server's end, opened last, will hear what is sent."""

    def send(self, channel: str, payload: bytes) -> None:
        """Send as the agent of bed b, and wait until the transport's middle has it."""

    def heard(self, topic: str) -> list[tuple[bytes, bool]]:
        """Return (payload, retained) of all that was published on a topic."""

    def cut(self) -> None:
        """Break all connections, and let new ones be made."""


class Mqtt:
    """A mosquitto of its own, and a client that stands for agent and dashboards."""

    def __init__(self, house: House) -> None:
        self._house, self._broker = house, house.broker()
        self._said: list[tuple[str, bytes, bool]] = []
        self._client = self._connected()

    def _connected(self) -> Any:
        client = self._house.publisher()
        client.on_message = self._note
        client.subscribe("legwatch/v1/+/#", 1)
        return client

    def _note(self, _client: object, _data: object, message: Any) -> None:
        self._said.append((message.topic, bytes(message.payload), message.retain))

    def open(self, put: Put) -> Transport:
        port = self._house.port
        self._before = self._house._subscriptions()
        return BrokerConnection(BrokerTable(port=port, user=USER), PASSWORD, put, Timeline().stamp)

    def subscribed(self) -> bool:
        return self._house._subscriptions() > self._before

    def send(self, channel: str, payload: bytes) -> None:
        self._client.publish(f"legwatch/v1/b/{channel}", payload, qos=1).wait_for_publish(20)

    def heard(self, topic: str) -> list[tuple[bytes, bool]]:
        return [(payload, kept) for name, payload, kept in self._said if name == topic]

    def cut(self) -> None:
        self._broker.stop()
        self._broker = self._house.broker()
        wait_until(self._client.is_connected, "the agent's line", 40)


@pytest.fixture(params=[Mqtt])
def line(request: pytest.FixtureRequest, house: House) -> Line:
    made: Line = request.param(house)
    return made


class Server:
    """What stands for the writer: it takes from the queue, and confirms when it is told to."""

    def __init__(self, line: Line) -> None:
        self.inbox: queue.SimpleQueue[Request] = queue.SimpleQueue()
        self.transport = line.open(self.inbox.put)
        self.transport.start()
        assert isinstance(self.next(), Connected)
        wait_until(line.subscribed, "the subscription", 40)

    def next(self) -> Request:
        return self.inbox.get(timeout=40)

    def arrived(self, count: int) -> list[Any]:
        """Return the next messages; a new connection in between counts for nothing."""
        found: list[Arrived] = []
        while len(found) < count:
            request = self.next()
            if not isinstance(request, Connected):
                found.append(request)  # type: ignore[arg-type]
        return found

    def confirm(self, *arrived: Any) -> None:
        self.transport.confirm([one.message.receipt for one in arrived])


@pytest.fixture
def server(line: Line) -> Iterator[Server]:
    made = Server(line)
    wait_until(made.transport.connected, "the server's line", 10)
    yield made
    made.transport.stop()


def window(seq: int) -> bytes:
    return encode_window(live_window(seq, AT_MS + seq * 10_000, leg_c=30.0))


def seqs(arrived: list[Any]) -> list[int]:
    return [one.window.seq for one in arrived]


def test_what_an_agent_sends_arrives_decoded_and_in_order(line: Line, server: Server) -> None:
    for seq in (1, 2):
        line.send("window", window(seq))
    line.send("event", encode_press(Press("p1", "ack", AT_MS)))
    line.send("info", encode_info(BedsideInfo("0.1.0", lost=3)))
    line.send("status", b"offline")
    line.send("window", b"nonsense")
    first, second, press, info, status, odd = server.arrived(6)
    assert isinstance(first, WindowArrived)
    assert (first.bed, first.window.leg_c) == ("b", 30.0)
    assert second.window.seq == 2
    assert isinstance(press, PressArrived)
    assert press.press.id == "p1"
    assert isinstance(info, InfoArrived)
    assert info.info.lost == 3
    assert isinstance(status, StatusArrived)
    assert not status.online
    assert isinstance(odd, Unreadable)
    assert odd.message.payload == b"nonsense"
    server.confirm(first, second, press, info, status, odd)


def test_what_is_not_confirmed_comes_again_and_what_is_confirmed_does_not(
    line: Line, server: Server
) -> None:
    for seq in (1, 2, 3):
        line.send("window", window(seq))
    first, *rest = server.arrived(3)
    server.confirm(first)
    line.send("window", window(4))  # so that the confirmation is on its way
    (fourth,) = server.arrived(1)
    server.transport.stop()
    again = Server(line)
    back = again.arrived(3)
    assert seqs(back) == seqs([*rest, fourth])
    again.confirm(*back)
    again.transport.stop()
    line.send("window", window(5))
    last = Server(line)
    (only,) = last.arrived(1)
    assert only.window.seq == 5
    last.confirm(only)
    last.transport.stop()


def test_after_a_cut_it_connects_again_by_itself_and_old_receipts_are_void(
    line: Line, server: Server
) -> None:
    line.send("window", window(1))
    (before,) = server.arrived(1)
    line.cut()
    assert isinstance(server.next(), Connected)
    server.confirm(before)  # of the connection that is gone: it must not confirm another message
    line.send("window", window(2))
    found = server.arrived(2)
    assert sorted(seqs(found)) == [1, 2]
    server.confirm(*found)


def test_what_is_sent_while_the_server_is_away_waits_for_it(line: Line) -> None:
    first = Server(line)
    first.transport.stop()
    for seq in range(1, 51):
        line.send("window", window(seq))
    server = Server(line)
    found = []
    for _ in range(50):
        (one,) = server.arrived(1)
        found.append(one)
        server.confirm(one)
    assert seqs(found) == list(range(1, 51))
    server.transport.stop()


def test_what_is_published_arrives_and_the_retained_is_kept(line: Line, server: Server) -> None:
    kept, passing = "legwatch/v1/b/alert/cold", "legwatch/v1/b/state"
    server.transport.publish(Outgoing(kept, b"firing", sure=True, retain=True))
    server.transport.publish(Outgoing(passing, b"now"))
    wait_until(lambda: line.heard(kept) and line.heard(passing), "both messages")
    assert line.heard(kept)[0][0] == b"firing"


def test_without_a_connection_only_what_is_sure_is_kept(line: Line, server: Server) -> None:
    server.transport.stop()
    sure, unsure = "legwatch/v1/b/alert/still", "legwatch/v1/b/state"
    offline = line.open(lambda _request: None)
    offline.publish(Outgoing(unsure, b"lost"))
    offline.publish(Outgoing(sure, b"kept", sure=True, retain=True))
    offline.start()
    wait_until(lambda: line.heard(sure), "the sure message")
    assert line.heard(unsure) == []
    offline.stop()
