"""What the connection to the broker hands on: the beginning of what is long, and its receipt."""

from typing import Any

from legwatch.contract.fields import MAX_PAYLOAD_BYTES
from legwatch_server.inbox import Unreadable
from legwatch_server.ingest.broker import LONGEST_TOPIC, BrokerConnection
from legwatch_server.ingest.packets import READ_BYTES, Published
from legwatch_server.ingest.unsure import MOST_A_SECOND
from legwatch_server.settings import BrokerTable
from legwatch_server.timeline import Stamp


def arrived(connection: BrokerConnection, topic: bytes, payload: bytes, mid: int = 7) -> None:
    connection._take([Published(topic, payload, mid, retained=False)])


def test_the_rest_of_a_long_message_is_not_kept_while_it_waits() -> None:
    found: list[Any] = []
    connection = BrokerConnection(BrokerTable(), "", found.append, lambda: Stamp(0, 0))
    arrived(connection, b"legwatch/v1/anna/window", b"x" * READ_BYTES)
    arrived(connection, b"legwatch/v1/" + b"a" * 60_000 + b"/window", b"{}")
    long, strange = found
    assert isinstance(long, Unreadable)
    assert "more than 4096 bytes" in long.why
    assert len(long.message.payload) == MAX_PAYLOAD_BYTES + 1
    assert long.message.receipt is not None  # it is acknowledged, and does not come again
    assert isinstance(strange, Unreadable)
    assert len(strange.message.topic) == LONGEST_TOPIC


def test_a_flood_without_receipts_is_dropped_before_it_waits() -> None:
    found: list[Any] = []
    dropped: list[str] = []
    connection = BrokerConnection(
        BrokerTable(), "", found.append, lambda: Stamp(0, 0), dropped=dropped.append
    )
    for _ in range(1000):
        arrived(connection, b"legwatch/v1/anna/window", b"x", mid=0)
        arrived(connection, b"legwatch/v1/bert/window", b"x")
    assert sum(one.message.topic.startswith("legwatch/v1/bert") for one in found) == 1000
    assert 1000 - 3 * MOST_A_SECOND < len(dropped) <= 1000 - MOST_A_SECOND
