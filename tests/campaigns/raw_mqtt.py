"""One message of any size to a broker, in bytes: a client would copy it again and again."""

import socket
import struct
from collections.abc import Iterator

CHUNK_BYTES = 1 << 20


def packet_parts(kind: int, head: bytes, payload: bytes = b"") -> Iterator[bytes | memoryview]:
    """Yield one MQTT packet in parts."""
    left, length = len(head) + len(payload), b""
    while left or not length:
        left, byte = left >> 7, left & 127
        length += bytes([byte | (128 if left else 0)])
    yield bytes([kind]) + length + head
    view = memoryview(payload)
    for begin in range(0, len(payload), CHUNK_BYTES):
        yield view[begin : begin + CHUNK_BYTES]


def text(words: str) -> bytes:
    """Return a text as MQTT writes it, after its length."""
    return struct.pack(">H", len(words.encode())) + words.encode()


def publish(
    port: int, account: tuple[str, str], topic: str, payload: bytes, *, qos: int, retain: bool
) -> None:
    """Send one message on a connection of its own; the broker may end it meanwhile."""
    connect = text("MQTT") + b"\x04\xc2\x00\x3c" + text("") + text(account[0]) + text(account[1])
    head = text(topic) + (struct.pack(">H", 1) if qos else b"")
    kind = 0x30 | qos << 1 | retain
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        for part in packet_parts(0x10, connect):
            line.sendall(part)
        line.recv(4)
        try:
            for part in packet_parts(kind, head, payload):
                line.sendall(part)
            line.settimeout(5)
            if qos:
                line.recv(4)
        except OSError:
            return
