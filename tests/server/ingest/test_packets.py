"""The bytes of a connection become packets, in whatever pieces they come."""

import random
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from legwatch_server.ingest.packets import (
    KEPT_BYTES,
    LONGEST_ANSWER_BYTES,
    READ_BYTES,
    ProtocolError,
    Published,
    Splitter,
)
from server.ingest.mqtt_bytes import CONNACK, PINGRESP, SUBACK, publish, sized

Packet = Published | bytes
MESSAGES = st.builds(
    publish,
    st.binary(min_size=1, max_size=40) | st.just(b"legwatch/v1/anna/window"),
    st.binary(max_size=300) | st.integers(0, 6000).map(bytes),
    st.sampled_from((0, 1, 7, 65_535)),
    retained=st.booleans(),
)
STREAMS = st.lists(MESSAGES | st.sampled_from((CONNACK, PINGRESP, SUBACK)), max_size=12)


def split(blocks: Iterable[bytes]) -> list[Packet]:
    """Return all packets, one by one."""
    splitter, found = Splitter(), list[Packet]()
    for block in blocks:
        for piece in splitter.split(block):
            found += piece if isinstance(piece, list) else [piece]
    return found


def cut(stream: bytes, chance: random.Random) -> list[bytes]:
    """Return the stream in blocks of any size."""
    largest = chance.choice((1, 3, 50, 5000, 65_536))
    blocks, at = [], 0
    while at < len(stream):
        size = chance.randint(1, largest)
        blocks.append(stream[at : at + size])
        at += size
    return blocks


@given(STREAMS, st.randoms(use_true_random=False))
def test_blocks_of_any_size_give_the_same_packets(
    packets: list[bytes], chance: random.Random
) -> None:
    stream = b"".join(packets)
    whole = split([stream])
    assert len(whole) == len(packets)
    assert split(cut(stream, chance)) == whole
    assert [one for one in whole if isinstance(one, bytes)] == [
        one for one in packets if one[0] >> 4 != 3
    ]


@given(MESSAGES)
def test_a_message_is_read_as_the_library_reads_it(packet: bytes) -> None:
    theirs: list[MQTTMessage] = []
    library = Client(CallbackAPIVersion.VERSION2, manual_ack=True)
    library.on_message = lambda _client, _data, message: theirs.append(message)
    parts = [packet]
    library._sock_recv = lambda bufsize: taken(parts, bufsize)  # type: ignore[method-assign]
    library._packet_read()
    assert [parse(packet)] == [
        Published(one._topic, bytes(one.payload[:READ_BYTES]), one.mid, one.retain)
        for one in theirs
    ]


def taken(parts: list[bytes], size: int) -> bytes:
    """Take so many bytes from the only part."""
    part = parts.pop()
    parts.append(part[size:])
    return part[:size]


def parse(packet: bytes) -> Packet:
    (found,) = split([packet])
    return found


@pytest.mark.parametrize("size", [READ_BYTES, 16_384, 70_000, KEPT_BYTES, 2_100_000])
def test_of_a_long_message_the_beginning_is_left_and_the_next_one_is_whole(size: int) -> None:
    payload = random.Random(size).randbytes(size)
    stream = publish(b"a/b", payload, 7) + PINGRESP + publish(b"c/d", b"small", 8)
    for largest in (1000, 65_536, len(stream)):
        blocks = [stream[at : at + largest] for at in range(0, len(stream), largest)]
        assert split(blocks) == [
            Published(b"a/b", payload[:READ_BYTES], 7, retained=False),
            PINGRESP,
            Published(b"c/d", b"small", 8, retained=False),
        ]


def test_a_long_message_comes_out_only_when_it_has_ended() -> None:
    stream = publish(b"a/b", bytes(200_000), 7)
    assert split([stream[:-1]]) == []
    assert len(split([stream[:-1], stream[-1:]])) == 1


def test_a_message_with_the_longest_topic_is_whole() -> None:
    topic = b"t" * 65_535
    assert split([publish(topic, b"x" * 4096, 9)]) == [
        Published(topic, b"x" * 4096, 9, retained=False)
    ]


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param(sized(0x34, b"\0\1a\0\1"), id="qos 2"),
        pytest.param(sized(0x36, b"\0\1a\0\1"), id="qos 3"),
        pytest.param(sized(0x32, b"\0\1a\0"), id="half a number"),
        pytest.param(sized(0x32, b"\0\1a\0\0{}"), id="number 0"),
        pytest.param(sized(0x30, b"\0\0{}"), id="no topic"),
        pytest.param(sized(0x30, b"\0\5abcd"), id="topic longer than the packet"),
        pytest.param(sized(0x30, b"\0"), id="one byte"),
        pytest.param(sized(0x30, b""), id="nothing"),
        pytest.param(sized(0x30, b"\0\0" + bytes(100_000)), id="long and without a topic"),
        pytest.param(b"\x30\xff\xff\xff\xff\x01", id="a length of five digits"),
        pytest.param(sized(0x90, bytes(LONGEST_ANSWER_BYTES + 1)), id="a long answer"),
        *(
            pytest.param(sized(kind << 4, b"\0\1"), id=f"kind {kind}")
            for kind in (0, 1, 5, 6, 7, 8, 10, 12, 14, 15)
        ),
    ],
)
def test_what_no_broker_may_send_ends_the_connection_after_what_came_before(odd: bytes) -> None:
    before = CONNACK + publish(b"a/b", b"good", 1)
    pieces = Splitter().split(before + odd + publish(b"a/b", b"behind", 2))
    assert next(pieces) == CONNACK
    assert next(pieces) == [Published(b"a/b", b"good", 1, retained=False)]
    with pytest.raises(ProtocolError, match="it sent"):
        next(pieces)


def test_a_packet_that_comes_byte_by_byte_is_looked_at_once() -> None:
    stream = publish(b"a/b", bytes(60_000), 7)
    splitter = Splitter()
    assert not any(list(splitter.split(stream[at : at + 1])) for at in range(len(stream) - 1))
    assert len(list(splitter.split(stream[-1:]))) == 1
