"""The windows of the benches, and a publisher that is no part of what they measure."""

import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress

from end_to_end.house import wait_until
from legwatch.contract.window import encode_window
from legwatch.events import Window
from legwatch.testing import ms, uncovering

BEGIN = ms("2026-01-02T21:00Z")
TEN_S = 10_000
MOST_AHEAD = 5000  # messages that the broker has not acknowledged yet
SLICE_S = 0.01

Messages = Iterable[tuple[str, bytes]]


def played(seq: int, leg_c: float | None, leg_rh: float | None = 48.0) -> bytes:
    """Return a window of a recording: the engine judges it, whenever it comes."""
    to_ms = BEGIN + seq * TEN_S
    moves = 1 if seq % 60 == 1 else 0
    return encode_window(
        Window(
            "00000001", seq, to_ms - TEN_S, to_ms, seq, "played", leg_c, leg_rh, 18.4, 51.0, moves,
            True, (), 1, 0,
        )
    )  # fmt: skip


def messages(beds: int, windows: int, *, calm: bool = False) -> Iterator[tuple[str, bytes]]:
    """Yield windows as a fleet sends them: every bed once, then again; `calm`: no bed gets cold."""
    air = uncovering((60, 90), uncovered_c=25.0)
    for seq in range(1, windows // beds + 1):
        payload = _calm(seq) if calm else played(seq, air(seq / 6))
        for bed in range(beds):
            yield f"legwatch/v1/bed-{bed}/window", payload


def _calm(seq: int) -> bytes:
    """Return a window that gives no alert: air that never changed would be a stuck sensor."""
    return played(seq, round(31.2 + seq % 3 / 10, 1), round(48.0 + seq % 7 / 10, 1))


class Pipe:
    """An MQTT publisher without a library: it writes all packets in one stream."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.sendall(b"\x10\x0f\x00\x04MQTT\x04\x02\x00\x00\x00\x03raw")
        assert self._socket.recv(4)[3] == 0
        self._acks = 0
        self.sent = 0
        threading.Thread(target=self._count, daemon=True).start()

    def _count(self) -> None:
        rest = 0
        with suppress(OSError):
            while data := self._socket.recv(65536):
                rest += len(data)
                self._acks, rest = self._acks + rest // 4, rest % 4

    def send(self, messages: Messages) -> None:
        """Publish with QoS 1, at most MOST_AHEAD before the broker's acknowledgements."""
        for topic, payload in messages:
            self.sent += 1
            name = topic.encode()
            body = len(name).to_bytes(2, "big") + name
            body += (self.sent % 65535 + 1).to_bytes(2, "big") + payload
            self._socket.sendall(b"\x32" + _length(len(body)) + body)
            while self.sent - self._acks > MOST_AHEAD:
                time.sleep(0.001)

    def pace(self, messages: Messages, rate: float) -> None:
        """Publish so many messages a second, whatever becomes of them."""
        begun, first, coming = time.perf_counter(), self.sent, iter(messages)
        while True:
            due = int((time.perf_counter() - begun) * rate) - (self.sent - first)
            before = self.sent
            self.send(item for _, item in zip(range(due), coming, strict=False))
            if self.sent - before < due:
                return
            time.sleep(SLICE_S)

    def drain(self) -> None:
        """Wait until the broker has acknowledged everything."""
        wait_until(lambda: self._acks >= self.sent, "the broker's answers", 120)


def _length(size: int) -> bytes:
    out = b""
    while True:
        size, digit = divmod(size, 128)
        out += bytes([digit | (128 if size else 0)])
        if not size:
            return out
