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


def publish(topic: bytes, payload: bytes, mid: int = 0, *, retained: bool = False) -> bytes:
    """Return a message; with a number it is of QoS 1."""
    head = struct.pack(">H", len(topic)) + topic + (struct.pack(">H", mid) if mid else b"")
    return sized(0x30 | (2 if mid else 0) | retained, head + payload)


CONNACK = b"\x20\x02\x00\x00"
PINGRESP = b"\xd0\x00"
SUBACK = sized(0x90, b"\x00\x01" + b"\x01\x01\x01\x01\x00")
