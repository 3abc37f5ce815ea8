"""Many and long messages from a real broker, by TLS too, and a broker that stops in the middle."""

import queue
import signal
import socket
import ssl
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest
from paho.mqtt.client import MQTTv311

from end_to_end.authority import HOST, Authority
from end_to_end.house import LONG_S, MOSQUITTO, House, Process, free_port, wait_until
from legwatch.contract.window import encode_window
from legwatch.testing import live_window, ms
from legwatch_server.inbox import Connected, Request, Unreadable
from legwatch_server.ingest.broker import BrokerConnection
from legwatch_server.settings import BrokerTable
from legwatch_server.timeline import Timeline
from legwatch_server.transport import Outgoing
from server.ingest.mqtt_bytes import publish, sized

TOPIC = b"legwatch/v1/b/window"
MANY = 6000
LONG_BYTES = (16_384, 17_000, 66_000, 300_000)
KEEPALIVE_S = 5


def window(seq: int) -> bytes:
    at_ms = ms("2026-01-02T22:00Z") + seq * 10_000
    return encode_window(live_window(seq, at_ms, leg_c=30.0))


class Sender:
    """An agent in bytes: it fills the broker's queue faster than a library could."""

    def __init__(self, port: int) -> None:
        self._line = socket.create_connection((HOST, port), timeout=LONG_S)
        self._line.sendall(sized(0x10, b"\0\4MQTT\4\2\0\0\0\6sender"))
        assert self._line.recv(4)[3] == 0

    def send(self, packets: list[bytes]) -> None:
        """Send messages, and wait until the broker has taken all of them."""
        waiting = 4 * len(packets)
        for packet in packets:
            self._line.sendall(packet)
        while waiting:
            waiting -= len(self._line.recv(4096))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._line.close()


class Writer:
    """Takes what came, and confirms it in commits of many."""

    def __init__(self, table: BrokerTable, *, older: bool = False) -> None:
        self.inbox: queue.SimpleQueue[Request] = queue.SimpleQueue()
        self.transport = BrokerConnection(table, "", self.inbox.put, Timeline().stamp)
        self.transport._older = older  # as after a broker's no
        self.transport.start()
        assert self.transport.ready(LONG_S) == ""

    def take(self, count: int) -> list[Any]:
        """Return so many messages; each commit of up to 500 is confirmed at once."""
        found: list[Any] = []
        commit: list[Any] = []
        while len(found) < count:
            one = self.inbox.get(timeout=LONG_S)
            if isinstance(one, Connected):
                continue
            found.append(one)
            commit.append(one)
            if len(commit) == 500 or self.inbox.empty():
                self.transport.confirm([arrived.message.receipt for arrived in commit])
                commit.clear()
        return found

    def stop(self) -> None:
        """End the connection when the broker has read all that was confirmed."""
        self.transport.publish(Outgoing("legwatch/v1/b/stored", b"{}", sure=True))
        wait_until(lambda: not self.transport._client._out_messages, "the broker's answer")
        self.transport.stop()


@pytest.fixture
def broker(tmp_path: Path, mosquitto: None) -> Iterator[tuple[int, BrokerTable]]:
    """A broker with a port for agents and one with TLS for the server."""
    authority = Authority(tmp_path, "authority")
    certificate = authority.sign("broker")
    plain, secure = free_port(), free_port()
    conf = tmp_path / "mosquitto.conf"
    lines = [
        *(f"listener {plain} {HOST}", "allow_anonymous true", f"listener {secure} {HOST}"),
        *(f"certfile {certificate}", f"keyfile {certificate.with_suffix('.key')}"),
        *("allow_anonymous true", "max_queued_messages 0", "max_inflight_messages 1000"),
        "user root",
    ]
    conf.write_text("\n".join(lines) + "\n")
    assert MOSQUITTO
    process = Process((MOSQUITTO, "-c", str(conf)), tmp_path / "broker.log")
    wait_until(lambda: listens(secure), "the broker", 10)
    yield plain, BrokerTable(port=secure, ca_file=str(authority.file))
    process.kill()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def test_by_tls_all_comes_once_and_long_messages_do_not_stop_the_others(
    broker: tuple[int, BrokerTable],
) -> None:
    port, table = broker
    Writer(table).stop()  # the broker keeps what comes from here on
    long = [publish(b"legwatch/v1/b/info", b"x" * size, 60_000) for size in LONG_BYTES]
    packets = [publish(TOPIC, window(seq), seq) for seq in range(1, MANY + 1)]
    with Sender(port) as sender:
        sender.send([*packets[: MANY // 2], *long, *packets[MANY // 2 :]])
        writer = Writer(table)
        assert isinstance(writer.transport._client.socket(), ssl.SSLSocket)
        found = writer.take(MANY + len(long))
        writer.stop()
        sender.send([publish(TOPIC, window(MANY + 1), 1)])
    refused = [one for one in found if isinstance(one, Unreadable)]
    assert [len(one.message.payload) for one in refused] == [4097] * len(long)
    windows = [one.window.seq for one in found if not isinstance(one, Unreadable)]
    assert windows == list(range(1, MANY + 1))
    again = Writer(table)
    (last,) = again.take(1)
    assert last.window.seq == MANY + 1  # nothing that was confirmed came again
    again.stop()


def test_a_session_goes_on_when_server_or_broker_learns_mqtt_5_and_when_it_forgets_it(
    broker: tuple[int, BrokerTable],
) -> None:
    port, table = broker
    Writer(table, older=True).stop()
    with Sender(port) as sender:
        for seq, older in enumerate((False, True, False), 1):
            sender.send([publish(TOPIC, window(seq), seq)])
            writer = Writer(table, older=older)
            (found,) = writer.take(1)
            assert found.window.seq == seq
            assert (writer.transport._client._protocol == MQTTv311) == older
            writer.stop()


@pytest.mark.parametrize("stopped_s", [2, 3 * KEEPALIVE_S], ids=["short", "given up"])
def test_a_broker_that_stops_in_a_flood_costs_no_window(house: House, stopped_s: float) -> None:
    broker = house.broker()
    house.write_server(mqtt={**house._way(), "keepalive_s": KEEPALIVE_S})
    server = house.server()
    client = house.publisher()
    infos = [
        client.publish(f"legwatch/v1/{bed}/window", window(seq), qos=1)
        for seq in range(1, 1001)
        for bed in ("anna", "bert", "carl")
    ]
    house.wait_windows(200)
    broker.signal(signal.SIGSTOP)
    lost = "it has not answered for mqtt.keepalive_s"
    if stopped_s > 2 * KEEPALIVE_S:
        wait_until(
            lambda: lost in server.said(), "the server's word of the broker", 4 * KEEPALIVE_S
        )
    else:
        with pytest.raises(AssertionError, match="in vain"):
            wait_until(lambda: lost in server.said(), "a word", stopped_s)
    broker.signal(signal.SIGCONT)
    wait_until(lambda: all(info.is_published() for info in infos), "what the broker has taken")
    house.wait_windows(3000)
    stored = Counter(house.rows("SELECT bed_id, seq FROM windows"))
    assert len(stored) == 3000
    assert set(stored.values()) == {1}
    assert server.code is None
    client.loop_stop()
