"""Packets of MQTT as a broker writes them, made without the code that reads them."""

import struct


def sized(kind: int, body: bytes) -> bytes:
    """Return a packet with the shortest length that says its size."""
    left, digits = len(body), bytearray()
    while True:
        left, digit = divmod(left, 128)
        digits.append(digit | (128 if left else 0))
        if not left:
            return bytes([kind]) + bytes(digits) + body


def publish(
    topic: bytes,
    payload: bytes,
    mid: int = 0,
    *,
    retained: bool = False,
    newer: bool = False,
    properties: bytes = b"",
) -> bytes:
    """Return a message; with a number it is of QoS 1. `newer`: in MQTT 5, with these properties."""
    head = struct.pack(">H", len(topic)) + topic + (struct.pack(">H", mid) if mid else b"")
    if newer:
        head += sized(0, properties)[1:]
    return sized(0x30 | (2 if mid else 0) | retained, head + payload)


def connack(code: int = 0, *, newer: bool = False) -> bytes:
    """Return the broker's yes, or its no."""
    return sized(0x20, bytes([0, code]) + (b"\0" if newer else b""))


def suback(*, newer: bool = False) -> bytes:
    """Return the answer to the server's subscriptions."""
    return sized(0x90, b"\x00\x01" + (b"\0" if newer else b"") + b"\x01\x01\x01\x01\x00")


PINGRESP = b"\xd0\x00"
