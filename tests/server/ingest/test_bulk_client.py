"""What the broker says and hears, byte by byte, on the server's connection."""

import itertools
import random
import socket
import threading
from collections.abc import Iterator
from unittest import mock

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import MQTTErrorCode

from legwatch_server.inbox import Arrived, Message, Unreadable
from legwatch_server.ingest import broker, bulk_client
from legwatch_server.ingest.decode import decode
from legwatch_server.settings import BrokerTable
from legwatch_server.transport import Outgoing
from server.ingest.mqtt_bytes import PINGRESP, connack, publish, sized, suback
from server.ingest.wire import TOPIC, Wire, puback

PINGREQ, DISCONNECT = b"\xc0\x00", b"\xe0\x00"
KEEPALIVE_S = BrokerTable().keepalive_s


@pytest.fixture(params=[True, False], ids=["MQTT 5", "MQTT 3.1.1"])
def newer(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def wire(newer: bool) -> Iterator[Wire]:
    made = Wire(newer=newer)
    yield made
    made.close()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The library's clock: its last figure is the time."""
    now = [1000.0]
    monkeypatch.setattr(mqtt, "time_func", lambda: now[-1])
    return now


def test_what_comes_together_arrives_in_order_and_is_acknowledged_in_one_piece(wire: Wire) -> None:
    wire.connect()
    wire.say(
        b"".join(wire.window(seq) for seq in range(1, 301))
        + suback(newer=wire.newer)
        + wire.window(301)
    )
    assert wire.seqs() == list(range(1, 302))
    assert wire.heard() == b""  # nothing is acknowledged before it is stored
    with mock.patch.object(wire.client, "_sock_send", wraps=wire.client._sock_send) as send:
        wire.confirm(*wire.got)
        assert wire.heard() == puback(*range(1, 302))
    assert send.call_count == 1


def test_messages_right_behind_the_yes_of_the_broker_belong_to_the_new_connection(
    wire: Wire,
) -> None:
    wire.connect()
    wire.say(wire.window(1))
    wire.hang_up()
    wire.begin()
    wire.say(
        wire.connack() + wire.window(1) + wire.window(2)
    )  # one block: the session goes on at once
    wire.heard()
    assert wire.seqs() == [1, 1, 2]
    wire.confirm(*wire.got[1:])
    assert wire.heard() == puback(1, 2)


def test_a_receipt_of_an_earlier_connection_acknowledges_nothing(wire: Wire) -> None:
    wire.connect()
    wire.say(wire.window(1, mid=1))
    (old,) = wire.got
    wire.hang_up()
    wire.connection.confirm([old.message.receipt])  # queued for a line that is gone
    wire.begin()
    wire.connection.confirm([old.message.receipt])  # before the broker has said yes
    wire.say(wire.connack() + wire.window(2, mid=1))
    wire.confirm(old)
    assert puback(1) not in wire.heard()
    wire.confirm(wire.got[-1])
    assert wire.heard() == puback(1)


def test_many_answers_are_written_in_parts_and_stay_whole_among_other_packets(wire: Wire) -> None:
    wire.connect()
    wire.client.socket().setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)  # type: ignore[union-attr]
    mids = [1 + number % 65_535 for number in range(12_000)]
    wire.say(b"".join(wire.publish(TOPIC, b"x", mid) for mid in mids))
    receipts = [one.message.receipt for one in wire.got]
    confirm, said = wire.connection.confirm, wire.connection.publish

    def writer() -> None:
        for begin in range(0, len(receipts), 1000):
            confirm(receipts[begin : begin + 1000])
            said(Outgoing("legwatch/v1/b/state", b"y" * 300))

    thread = threading.Thread(target=writer)
    thread.start()
    heard = bytearray()
    while thread.is_alive() or wire.client.want_write():
        heard += wire.heard()
    heard += wire.heard()
    state = wire.publish(b"legwatch/v1/b/state", b"y" * 300)
    assert heard.count(state) == 12
    assert heard.replace(state, b"") == puback(*mids)


def test_nothing_is_read_while_there_is_no_room_and_the_broker_still_hears_of_us(
    newer: bool, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_client, "PAUSE_S", 0.0)
    full = [False]
    wire = Wire(full=lambda: full[-1], newer=newer)
    wire.connect()
    full.append(True)
    wire.broker.sendall(wire.window(1) + PINGRESP)
    heard = b""
    for _ in range(20):
        clock.append(clock[-1] + KEEPALIVE_S / 2)
        assert wire.turn() == MQTTErrorCode.MQTT_ERR_SUCCESS
        heard += wire.heard()
    assert wire.got == []
    assert heard == PINGREQ * 10  # once in each time that the broker was promised
    full.append(False)
    assert wire.say(b"") == MQTTErrorCode.MQTT_ERR_SUCCESS
    assert wire.seqs() == [1]
    assert wire.connection.connected()
    wire.close()


def test_a_broker_that_is_silent_is_asked_and_then_given_up(wire: Wire, clock: list[float]) -> None:
    wire.connect()
    clock.append(clock[-1] + KEEPALIVE_S)
    assert wire.heard() == PINGREQ
    clock.append(clock[-1] + KEEPALIVE_S - 1)
    assert wire.turn() == MQTTErrorCode.MQTT_ERR_SUCCESS
    clock.append(clock[-1] + 1)
    wire.turn()
    assert not wire.connection.connected()
    assert wire.turn() != MQTTErrorCode.MQTT_ERR_SUCCESS


def test_a_broker_that_only_publishes_is_not_silent(wire: Wire, clock: list[float]) -> None:
    wire.connect()
    for seq in range(1, 10):
        clock.append(clock[-1] + KEEPALIVE_S - 1)
        assert wire.say(wire.window(seq)) == MQTTErrorCode.MQTT_ERR_SUCCESS
        wire.confirm(wire.got[-1])
        heard = wire.heard()
        assert puback(seq) in heard
        if PINGREQ in heard:  # the library asks in any case
            wire.say(PINGRESP)
    assert len(wire.got) == 9


def test_half_of_a_message_is_not_silence(wire: Wire, clock: list[float]) -> None:
    wire.connect()
    stream = wire.publish(TOPIC, bytes(100_000), 1)
    for at in range(0, len(stream), 1000):
        clock.append(clock[-1] + KEEPALIVE_S - 1)
        assert wire.say(stream[at : at + 1000]) == MQTTErrorCode.MQTT_ERR_SUCCESS
        if PINGREQ in wire.heard():
            clock.append(clock[-1] + 1)  # the answer comes behind the message
    assert len(wire.got) == 1


@pytest.mark.parametrize(
    ("odd", "why"),
    [
        (sized(0x34, b"\0\1a\0\1{}"), "it sent a message that MQTT does not allow"),
        (sized(0x32, b"\0\0\0\1{}"), "it sent a message that MQTT does not allow"),
        (b"\x00\x00", "it sent a packet of kind 0, which no broker sends"),
        (b"\x30\xff\xff\xff\xff", "it sent a packet whose length has more than 4 digits"),
        (b"\x90\xff\x7f", "it sent an answer of 16383 bytes"),
        (b"\x20\x00", ""),
    ],
    ids=["qos 2", "no topic", "kind 0", "length", "long answer", "short answer"],
)
def test_what_is_no_mqtt_ends_the_connection_and_the_next_one_is_well(
    wire: Wire, odd: bytes, why: str
) -> None:
    wire.connect()
    assert wire.say(wire.window(1) + odd + wire.window(2)) != MQTTErrorCode.MQTT_ERR_SUCCESS
    assert not wire.connection.connected()
    assert why in wire.connection.story.why
    assert wire.seqs() == [1]
    wire.connect()
    wire.say(wire.window(1) + wire.window(2))
    assert wire.seqs() == [1, 1, 2]
    wire.confirm(*wire.got[1:])
    assert wire.heard() == puback(1, 2)


def test_a_broker_that_refuses_is_not_read_any_further(wire: Wire) -> None:
    wire.begin()
    no = connack(0x87 if wire.newer else 5, newer=wire.newer)
    assert wire.say(no + wire.window(1)) != MQTTErrorCode.MQTT_ERR_SUCCESS
    assert wire.got == []
    assert not wire.connection.connected()


def test_without_memory_for_a_message_the_connection_begins_again(newer: bool) -> None:
    short = [True]

    def poor(message: Message) -> Arrived:
        if message.receipt.mid == 2 and short.pop():  # type: ignore[attr-defined]
            raise MemoryError
        return decode(message)

    wire = Wire(decode=poor, newer=newer)
    wire.connect()
    with pytest.raises(MemoryError):
        wire.say(wire.window(1) + wire.window(2) + wire.window(3))
    short.append(False)
    wire.connect()  # as the part does that is started again
    wire.say(wire.window(1) + wire.window(2) + wire.window(3))
    assert wire.seqs() == [1, 1, 2, 3]
    wire.close()


def test_what_was_stored_is_acknowledged_before_the_end(wire: Wire) -> None:
    wire.connect()
    wire.say(wire.window(1) + wire.window(2))
    wire.confirm(*wire.got)
    wire.connection.stop()
    assert wire.heard() == puback(1, 2) + DISCONNECT


def test_a_topic_that_is_no_text_is_handed_on_and_acknowledged(wire: Wire) -> None:
    wire.connect()
    wire.say(wire.publish(b"legwatch/v1/\xff\xfe/window", b"{}", 3) + wire.window(4))
    odd, good = wire.got
    assert isinstance(odd, Unreadable)
    assert good.window.seq == 4
    wire.confirm(odd, good)
    assert wire.heard() == puback(3, 4)


def test_of_a_huge_message_the_beginning_is_handed_on_and_it_is_acknowledged(wire: Wire) -> None:
    wire.connect()
    wire.say(wire.publish(TOPIC, random.Random(1).randbytes(3_000_000), 3) + wire.window(4))
    long, good = wire.got
    assert isinstance(long, Unreadable)
    assert "more than 4096 bytes" in long.why
    assert good.window.seq == 4
    wire.confirm(long, good)
    assert wire.heard() == puback(3, 4)


def test_the_server_asks_for_its_old_session_and_for_room(wire: Wire) -> None:
    wire.begin()
    asked = wire.heard()
    version, flags = asked[8], asked[9]
    assert flags & 2 == 0  # no clean start
    assert version == (5 if wire.newer else 4)
    room = b"\x21" + bulk_client.UNACKNOWLEDGED.to_bytes(2, "big")  # the receive maximum
    for_ever = b"\x11\xff\xff\xff\xff"  # the session's expiry
    assert (room in asked, for_ever in asked) == (wire.newer, wire.newer)


@pytest.mark.parametrize("answer", [connack(1), None], ids=["refused", "hung up"])
def test_a_broker_without_mqtt_5_is_asked_again_in_3_1_1_and_nothing_is_said(
    answer: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    wire = Wire()
    wire.begin()
    assert wire.heard()[8] == 5
    wire.hang_up() if answer is None else wire.say(answer)
    wire.connection._connect(wire.client)
    assert wire.heard()[8] == 4
    wire.newer = False
    wire.say(connack() + suback() + wire.window(1))
    assert wire.seqs() == [1]
    assert wire.connection.story.why == ""
    assert caplog.messages == []
    wire.hang_up()
    wire.connection._connect(wire.client)
    assert wire.heard()[8] == 5  # it may have become a newer one
    wire.close()


def test_a_broker_that_keeps_silent_on_mqtt_5_is_asked_again_in_3_1_1(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wire, now = Wire(), itertools.count()
    monkeypatch.setattr(broker, "LOOK_S", 0.0)
    monkeypatch.setattr(broker, "awake_s", lambda: float(next(now)))
    wire.begin()
    wire.connection._receive(wire.client)  # gives up by itself
    assert next(now) < 2 * broker.ANSWER_S
    assert wire.connection.story.why == ""
    wire.connection._connect(wire.client)
    assert wire.heard()[8] == 4
    wire.close()


@pytest.mark.parametrize("answer", [connack(1), None], ids=["refused", "hung up"])
def test_a_broker_that_takes_neither_version_is_told(answer: bytes | None) -> None:
    wire = Wire()
    for _ in range(2):
        wire.connection._connect(wire.client)
        wire.hang_up() if answer is None else wire.say(answer)
    said = "it ended the connection before it had answered" if answer is None else "does not speak"
    assert said in wire.connection.story.why
    wire.close()


def test_what_a_broker_says_at_the_end_is_told() -> None:
    wire = Wire()
    for code, why in (
        (0x8B, "it is being stopped"),
        (0x8D, "it has heard nothing from here for mqtt.keepalive_s"),
        (0x8E, "another program has connected with the same client id (mqtt.client_id)"),
        (0x9C, "it says: Use another server"),
    ):
        wire.connect()
        wire.say(sized(0xE0, bytes([code, 0])))
        assert not wire.connection.connected()
        assert wire.connection.story.why == why
    wire.close()


def test_properties_of_a_message_are_passed_over_however_long_they_are() -> None:
    wire = Wire()
    wire.connect()
    one = b"\x26\0\1a\xff\xff" + b"b" * 65_535  # a property of a user, as long as one may be
    for properties in (b"\x01\x01", b"\x02\0\0\0\x09" + one[:4] + b"\0\1c", one, 5 * one):
        wire.say(publish(TOPIC, b"{}", 3, newer=True, properties=properties) + wire.window(4))
        odd, good = wire.got
        assert isinstance(odd, Unreadable)
        assert good.window.seq == 4
        wire.confirm(odd, good)
        assert wire.heard() == puback(3, 4)
        wire.got.clear()
    wire.close()
