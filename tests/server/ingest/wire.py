"""The server's connection with a broker that is this test: no thread, no port, no waiting."""

import contextlib
import select
import socket
import struct
from collections.abc import Callable
from typing import Any

from paho.mqtt.enums import MQTTErrorCode

from legwatch.contract.window import encode_window
from legwatch.testing import live_window, ms
from legwatch_server.inbox import Arrived, Connected, Message, Request
from legwatch_server.ingest.broker import BrokerConnection
from legwatch_server.ingest.decode import decode
from legwatch_server.settings import BrokerTable
from legwatch_server.timeline import Stamp
from server.ingest.mqtt_bytes import connack, publish

TURNS = 10_000  # more than any test needs
TOPIC = b"legwatch/v1/b/window"


def puback(*mids: int) -> bytes:
    return b"".join(b"\x40\x02" + struct.pack(">H", mid) for mid in mids)


class Wire:
    """`say` is what the broker sends, `heard` what it has received on this connection."""

    def __init__(
        self,
        full: Callable[[], bool] = lambda: False,
        decode: Callable[[Message], Arrived] = decode,
        *,
        newer: bool = True,
    ) -> None:
        self.newer = newer  # the broker speaks MQTT 5
        self.got: list[Any] = []  # what the writer would be told, but no `Connected`
        self.connection = BrokerConnection(
            BrokerTable(), "", self._put, lambda: Stamp(0, 0), decode, full=full
        )
        self.client = self.connection._client
        self.client.connect_async("broker", 1, BrokerTable().keepalive_s)
        self.client._create_socket = self._pair  # type: ignore[method-assign]
        self.broker, self._own = socket.socketpair()
        self.begun = 0

    def _put(self, request: Request) -> None:
        if isinstance(request, Connected):
            self.begun += 1
        else:
            self.got.append(request)

    def _pair(self) -> socket.socket:
        for one in (self.broker, self._own):
            one.close()
        self.broker, self._own = socket.socketpair()
        return self._own

    def connect(self) -> None:
        """Connect anew, and take the broker's yes."""
        self.begin()
        self.say(self.connack())
        assert self.connection.connected()
        self.heard()

    def begin(self) -> None:
        """Connect anew, in the version that this broker speaks."""
        self.connection._older = not self.newer
        self.connection._connect(self.client)

    def connack(self) -> bytes:
        return connack(newer=self.newer)

    def publish(self, topic: bytes, payload: bytes, mid: int = 0) -> bytes:
        return publish(topic, payload, mid, newer=self.newer)

    def window(self, seq: int, mid: int | None = None) -> bytes:
        at_ms = ms("2026-01-02T22:00Z") + seq * 10_000
        told = encode_window(live_window(seq, at_ms, leg_c=30.0))
        return self.publish(TOPIC, told, seq if mid is None else mid)

    def say(self, stream: bytes) -> MQTTErrorCode:
        """Send bytes, and let the connection read all of them; return how it took them."""
        view = memoryview(stream)
        self.broker.setblocking(False)
        code = MQTTErrorCode.MQTT_ERR_SUCCESS
        while code == MQTTErrorCode.MQTT_ERR_SUCCESS and (view or self._waits()):
            with contextlib.suppress(BlockingIOError):
                view = view[self.broker.send(view) :]
            code = self.client.loop(0)
        return code

    def _waits(self) -> bool:
        own = self.client.socket()
        return own is not None and bool(select.select([own], [], [], 0)[0])

    def turn(self) -> MQTTErrorCode:
        """Let the connection's thread have one turn."""
        return self.client.loop(0)

    def heard(self) -> bytes:
        """Return what the client has written since the last call."""
        found = bytearray()
        self.broker.setblocking(False)
        for _ in range(TURNS):
            self.client.loop(0)
            try:
                more = self.broker.recv(1 << 20)
            except BlockingIOError:
                if not self.client.want_write():
                    break
                continue
            except OSError:
                break
            if not more:
                break
            found += more
        return bytes(found)

    def hang_up(self) -> None:
        """End the connection, as a broker that dies; the client has noticed it."""
        self.broker.close()
        for _ in range(TURNS):
            if self.client.loop(0) != MQTTErrorCode.MQTT_ERR_SUCCESS:
                return
        raise AssertionError("the client has not noticed it")

    def seqs(self) -> list[int]:
        return [one.window.seq for one in self.got]

    def confirm(self, *arrived: Any) -> None:
        self.connection.confirm([one.message.receipt for one in arrived])

    def close(self) -> None:
        for one in (self.broker, self._own):
            one.close()
        self.client._reset_sockets()
