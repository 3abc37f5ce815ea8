"""A message of any size is read to its end, kept in part, and acknowledged."""

import contextlib
import socket
import struct
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator

import pytest
from paho.mqtt.client import MQTTMessage

from legwatch_runtime.bounded_client import KEPT_BYTES
from legwatch_runtime.mqtt import client

CONNACK = b"\x20\x02\x00\x00"
HUGE_BYTES = 40_000_000


class Nobody:
    """An account without a password and without TLS."""

    user = ca_file = server_name = ""


def publish(topic: str, payload: bytes, mid: int = 0) -> Iterator[bytes]:
    """Yield a PUBLISH packet in parts; with a number it is of QoS 1."""
    name = topic.encode()
    head = struct.pack(">H", len(name)) + name + (struct.pack(">H", mid) if mid else b"")
    left, length = len(head) + len(payload), b""
    while left or not length:
        left, byte = left >> 7, left & 127
        length += bytes([byte | (128 if left else 0)])
    yield (b"\x32" if mid else b"\x30") + length + head
    for begin in range(0, len(payload), 1 << 20):
        yield payload[begin : begin + (1 << 20)]


class Broker:
    """Says what a test wants, byte by byte, and keeps what the client says after its CONNECT."""

    def __init__(self) -> None:
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = self._door.getsockname()[1]
        self.heard = b""

    def meet(self) -> None:
        self.line, _ = self._door.accept()
        self.line.recv(4096)
        self.line.sendall(CONNACK)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while data := self.line.recv(4096):
                self.heard += data

    def close(self) -> None:
        self.line.close()
        self._door.close()


class Reader:
    """A client of ours on a thread of its own, with what it was handed."""

    def __init__(self, broker: Broker) -> None:
        self.got: list[MQTTMessage] = []
        self.full = False
        self.client = client(Nobody(), "", "me", clean_session=True, full=lambda: self.full)
        self.client.manual_ack_set(True)
        self.client.on_message = self._take
        meeting = threading.Thread(target=broker.meet)
        meeting.start()
        self.client.connect("127.0.0.1", broker.port)
        self.client.loop_start()  # it writes the first word, too
        meeting.join()

    def _take(self, _client: object, _data: object, message: MQTTMessage) -> None:
        self.got.append(message)
        if message.qos:
            self.client.ack(message.mid, 1)


def wait(holds: Callable[[], object]) -> None:
    end_s = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end_s
        time.sleep(0.002)


@pytest.fixture
def pair() -> Iterator[tuple[Broker, Reader]]:
    broker = Broker()
    reader = Reader(broker)
    yield broker, reader
    reader.client.disconnect()
    reader.client.loop_stop()
    broker.close()


def test_a_huge_message_is_cut_acknowledged_and_the_next_one_is_whole(
    pair: tuple[Broker, Reader],
) -> None:
    broker, reader = pair
    payload = bytes(HUGE_BYTES)
    tracemalloc.start()
    for part in publish("legwatch/v1/anna/window", payload, mid=7):
        broker.line.sendall(part)
    for part in publish("legwatch/v1/anna/window", b"small", mid=8):
        broker.line.sendall(part)
    wait(lambda: len(reader.got) == 2 and broker.heard.endswith(b"\x40\x02\x00\x08"))
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [message.mid for message in reader.got] == [7, 8]
    assert 4096 < len(reader.got[0].payload) < KEPT_BYTES
    assert reader.got[1].payload == b"small"
    assert b"\x40\x02\x00\x07" in broker.heard  # it does not come again
    assert peak_bytes < 4_000_000


def test_the_longest_message_that_is_not_cut_is_whole(pair: tuple[Broker, Reader]) -> None:
    broker, reader = pair
    payload = bytes(range(256)) * 16
    for part in publish("t" * 65_535, payload):
        broker.line.sendall(part)
    wait(lambda: reader.got)
    assert bytes(reader.got[0].payload) == payload
    assert len(reader.got[0].topic) == 65_535


def test_nothing_is_read_while_there_is_no_room(pair: tuple[Broker, Reader]) -> None:
    broker, reader = pair
    reader.full = True
    for part in publish("a", b"later", mid=1):
        broker.line.sendall(part)
    time.sleep(0.1)
    assert reader.got == []
    reader.full = False
    wait(lambda: reader.got)
