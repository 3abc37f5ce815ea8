"""The bytes of a connection become packets, in whatever pieces they come."""

import random
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.client import Client, MQTTMessage, MQTTv5, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

from legwatch_server.ingest.packets import (
    KEPT_BYTES,
    LONGEST_ANSWER_BYTES,
    READ_BYTES,
    ProtocolError,
    Published,
    Splitter,
)
from server.ingest.mqtt_bytes import PINGRESP, connack, publish, sized, suback

Packet = Published | bytes
NONE = b""
# A format, an expiry, and a property of a user that needs two digits of length.
PROPERTIES = (NONE, b"\x01\x01", b"\x02\0\0\0\x09", b"\x26\0\1a\0\xc8" + b"b" * 200)


def messages(newer: bool) -> st.SearchStrategy[bytes]:
    return st.builds(
        publish,
        st.binary(min_size=1, max_size=40) | st.just(b"legwatch/v1/anna/window"),
        st.binary(max_size=300) | st.integers(0, 6000).map(bytes),
        st.sampled_from((0, 1, 7, 65_535)),
        retained=st.booleans(),
        newer=st.just(newer),
        properties=st.sampled_from(PROPERTIES) if newer else st.just(NONE),
    )


def streams(newer: bool) -> st.SearchStrategy[list[bytes]]:
    answers = (connack(newer=newer), PINGRESP, suback(newer=newer))
    return st.lists(messages(newer) | st.sampled_from(answers), max_size=12)


both = pytest.mark.parametrize("newer", [True, False], ids=["MQTT 5", "MQTT 3.1.1"])


def split(blocks: Iterable[bytes], *, newer: bool = False) -> list[Packet]:
    """Return all packets, one by one."""
    splitter, found = Splitter(newer=newer), list[Packet]()
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


@both
@given(data=st.data(), chance=st.randoms(use_true_random=False))
def test_blocks_of_any_size_give_the_same_packets(
    newer: bool, data: st.DataObject, chance: random.Random
) -> None:
    packets = data.draw(streams(newer))
    stream = b"".join(packets)
    whole = split([stream], newer=newer)
    assert len(whole) == len(packets)
    assert split(cut(stream, chance), newer=newer) == whole
    assert [one for one in whole if isinstance(one, bytes)] == [
        one for one in packets if one[0] >> 4 != 3
    ]


@both
@given(data=st.data())
def test_a_message_is_read_as_the_library_reads_it(newer: bool, data: st.DataObject) -> None:
    packet = data.draw(messages(newer))
    theirs: list[MQTTMessage] = []
    version = MQTTv5 if newer else MQTTv311
    library = Client(CallbackAPIVersion.VERSION2, protocol=version, manual_ack=True)
    library.on_message = lambda _client, _data, message: theirs.append(message)
    parts = [packet]
    library._sock_recv = lambda bufsize: taken(parts, bufsize)  # type: ignore[method-assign]
    library._packet_read()
    assert split([packet], newer=newer) == [
        Published(one._topic, bytes(one.payload[:READ_BYTES]), one.mid, one.retain)
        for one in theirs
    ]


def taken(parts: list[bytes], size: int) -> bytes:
    """Take so many bytes from the only part."""
    part = parts.pop()
    parts.append(part[size:])
    return part[:size]


@both
@pytest.mark.parametrize("size", [READ_BYTES, 16_384, 70_000, KEPT_BYTES, 2_100_000])
def test_of_a_long_message_the_beginning_is_left_and_the_next_one_is_whole(
    size: int, newer: bool
) -> None:
    payload = random.Random(size).randbytes(size)
    long, small = (
        publish(b"a/b", payload, 7, newer=newer),
        publish(b"c/d", b"small", 8, newer=newer),
    )
    stream = long + PINGRESP + small
    for largest in (1000, 65_536, len(stream)):
        blocks = [stream[at : at + largest] for at in range(0, len(stream), largest)]
        assert split(blocks, newer=newer) == [
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
    ends_at(odd, newer=False)


def ends_at(odd: bytes, *, newer: bool) -> None:
    before = connack(newer=newer) + publish(b"a/b", b"good", 1, newer=newer)
    behind = publish(b"a/b", b"behind", 2, newer=newer)
    pieces = Splitter(newer=newer).split(before + odd + behind)
    assert next(pieces) == connack(newer=newer)
    assert next(pieces) == [Published(b"a/b", b"good", 1, retained=False)]
    with pytest.raises(ProtocolError, match="it sent"):
        next(pieces)


def test_a_packet_that_comes_byte_by_byte_is_looked_at_once() -> None:
    stream = publish(b"a/b", bytes(60_000), 7)
    splitter = Splitter(newer=False)
    assert not any(list(splitter.split(stream[at : at + 1])) for at in range(len(stream) - 1))
    assert len(list(splitter.split(stream[-1:]))) == 1


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param(sized(0x32, b"\0\1a\0\1"), id="no properties"),
        pytest.param(sized(0x32, b"\0\1a\0\1\4{}"), id="properties longer than the packet"),
        pytest.param(sized(0x32, b"\0\1a\0\1\xff\xff\xff\xff\1"), id="a length of five digits"),
        pytest.param(sized(0x32, b"\0\1a\0\1\x80"), id="half a length"),
        pytest.param(sized(0x30, b"\0\1a"), id="no properties and no number"),
        pytest.param(sized(0x32, b"\0\1a\0\1" + b"\xff" * 3 + b"\x7f" + bytes(99_000)), id="long"),
        pytest.param(sized(0xF0, b"\0\0"), id="a question"),
    ],
)
def test_what_no_broker_may_send_in_mqtt_5_ends_the_connection(odd: bytes) -> None:
    ends_at(odd, newer=True)


def test_the_word_at_the_end_of_a_connection_belongs_to_mqtt_5() -> None:
    assert split([sized(0xE0, b"\x8b\0")], newer=True) == [sized(0xE0, b"\x8b\0")]
