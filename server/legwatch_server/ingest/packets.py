"""Splits the bytes of one MQTT connection into packets; knows no socket and no library.

The bytes come in blocks of any size. Published messages come out in lists, any other packet alone
and as it came, all in their order. A packet that no broker may send ends the connection, as a
packet does that is longer than it may be: the memory does not grow with what the broker says.
"""

from collections.abc import Iterator
from typing import NamedTuple

from legwatch.contract.fields import MAX_PAYLOAD_BYTES
from legwatch.named_tuples import maker

READ_BYTES = MAX_PAYLOAD_BYTES + 1  # of a payload: its reader sees that it is too long
# Of a packet: the longest topic (65,535 bytes), and more than what is read of a payload.
KEPT_BYTES = 72 * 1024
LONGEST_ANSWER_BYTES = 1024  # no answer to this client has more than a few bytes
PUBLISH = 3
SURE = PUBLISH << 4 | 2  # the first byte of a message of QoS 1, but for its flags
# CONNACK, PUBACK, SUBACK, UNSUBACK, PINGRESP: the others are for clients, or belong to QoS 2.
ANSWERS = frozenset({2, 4, 9, 11, 13})
DISCONNECT = 14  # a broker says it in MQTT 5 only
MOST_DIGITS = 4  # of a packet's length


class ProtocolError(Exception):
    """The broker does not keep to MQTT: nothing that follows can be understood."""


class Published(NamedTuple):
    """One published message; of QoS 1 if it has a number, `mid`, else of QoS 0."""

    topic: bytes
    payload: bytes
    mid: int
    retained: bool


_published = maker(Published)


class Splitter:
    """Splits what one connection brings; keeps at most KEPT_BYTES and one block of it.

    `newer`: the connection speaks MQTT 5, else MQTT 3.1.1.
    """

    def __init__(self, *, newer: bool) -> None:
        self._newer, self._answers = newer, ANSWERS | {DISCONNECT} if newer else ANSWERS
        self._rest = bytearray()  # the beginning of a packet that is not whole
        self._needed = 0  # with fewer bytes nothing more can be said of it
        self._cut: list[Published] = []  # the beginning of a long message
        self._left = 0  # bytes until the long message ends

    def split(self, block: bytes) -> Iterator[list[Published] | bytes]:
        """Yield what became whole by this block; raises ProtocolError after what came before it."""
        if self._left:
            dropped = min(self._left, len(block))
            self._left -= dropped
            if self._left:
                return
            yield self._cut
            block = block[dropped:]
        self._rest += block
        if len(self._rest) < self._needed:
            return
        data, at = bytes(self._rest), 0
        while True:
            usual, at = _usual(data, at, newer=self._newer)
            if usual:
                yield usual
            other, at = self._other(data, at)
            if other is None:
                return
            yield other

    def _other(self, data: bytes, at: int) -> tuple[list[Published] | bytes | None, int]:
        """Return any packet, and where the next begins; None: it is not whole yet, and is kept."""
        kind, sized = data[at] >> 4 if at < len(data) else PUBLISH, _size(data, at)
        if kind not in self._answers and kind != PUBLISH:
            raise ProtocolError(f"it sent a packet of kind {kind}, which no broker sends")
        if sized is None:
            if len(data) > at + MOST_DIGITS:
                raise ProtocolError(
                    f"it sent a packet whose length has more than {MOST_DIGITS} digits"
                )
            self._keep(data[at:], 0)
            return None, at
        begin, size = sized
        end = begin + size
        if kind != PUBLISH and size > LONGEST_ANSWER_BYTES:
            raise ProtocolError(f"it sent an answer of {size} bytes")
        if end > len(data):
            self._wait(data, at, begin, end)
            return None, at
        if kind == PUBLISH:
            return [self._message(data, data[at], begin, end, end)], end
        return data[at:end], end

    def _wait(self, data: bytes, at: int, begin: int, end: int) -> None:
        """Keep a packet that is not whole; of a long message only the beginning."""
        kept = min(end, begin + KEPT_BYTES)
        if len(data) < kept:
            self._keep(data[at:], kept - at)
            return
        self._cut = [self._message(data, data[at], begin, end, kept)]
        self._left = end - len(data)
        self._keep(b"", 0)

    def _message(self, data: bytes, head: int, begin: int, end: int, kept: int) -> Published:
        """Return the message in this body, up to `kept`; raises ProtocolError, also for QoS 2."""
        topic = begin + 2
        topic_end = topic + int.from_bytes(data[begin:topic], "big")
        payload, mid = topic_end, 0
        if head & 6:
            payload += 2
            mid = int.from_bytes(data[topic_end:payload], "big")
        if self._newer:
            properties = _size(data, payload - 1)
            payload = sum(properties) if properties else end + 1
        numbered = head & 6 == 2 and mid > 0
        if payload > end or topic_end <= topic or not (numbered or head & 6 == 0):
            raise ProtocolError("it sent a message that MQTT does not allow")
        said = data[payload : min(kept, payload + READ_BYTES)]
        return Published(data[topic:topic_end], said, mid, head & 1 == 1)

    def _keep(self, rest: bytes, needed: int) -> None:
        self._rest, self._needed = bytearray(rest), needed


def _usual(data: bytes, at: int, *, newer: bool) -> tuple[list[Published], int]:
    """Return the messages from there on while they are usual, and where the next packet begins.

    Usual are whole ones of QoS 1 with less than 16 kB: nearly all. In one loop without a call,
    because this is done for each window.
    """
    found: list[Published] = []
    length = len(data)
    while at + 2 < length:
        head, size, begin = data[at], data[at + 1], at + 2
        if size > 127:
            size += (data[begin] << 7) - 128
            begin += 1
        end, topic = begin + size, begin + 2
        # A second digit of the length that is not the last one gives more than 16 kB here.
        if head & 0xF6 != SURE or end > length or not 4 < size < 16_384:
            break
        topic_end = topic + (data[begin] << 8) + data[begin + 1]
        payload = topic_end + 2
        if payload > end or topic_end == topic:
            break
        mid = (data[topic_end] << 8) + data[topic_end + 1]
        if not mid:
            break
        if newer:
            if payload == end or data[payload] > 127:
                break
            payload += 1 + data[payload]
            if payload > end:
                break
        kept = data[payload : min(end, payload + READ_BYTES)]
        found.append(_published((data[topic:topic_end], kept, mid, head & 1 == 1)))
        at = end
    return found, at


def _size(data: bytes, at: int) -> tuple[int, int] | None:
    """Return where the packet's body begins, and its size; None: it has no end there."""
    size = shift = 0
    for begin in range(at + 1, min(at + 1 + MOST_DIGITS, len(data))):
        digit = data[begin]
        size |= (digit & 127) << shift
        if digit < 128:
            return begin + 1, size
        shift += 7
    return None
