"""A flood of QoS 0 is dropped before it is decoded; what comes in its time is read."""

from legwatch_runtime.testing import FakeClock
from legwatch_server.beds.unread import Unread
from legwatch_server.ingest.unsure import MOST_A_SECOND, MOST_OF_ALL, UnsureLimit


def test_a_flood_of_one_topic_is_dropped_and_said() -> None:
    clock = FakeClock()
    unread = Unread(clock.instant)
    limit = UnsureLimit(unread.dropped, clock.instant)
    flood = "legwatch/v1/anna/window"
    assert [limit.take(flood) for _ in range(150)].count(True) == MOST_A_SECOND
    assert limit.take("legwatch/v1/bert/window")
    (said,) = unread.concerns()
    assert said.startswith("bed anna: 50 messages in the last hour cannot be read: more than 100 a")
    clock.advance(1000)
    assert limit.take(flood)


def test_many_topics_have_a_limit_together() -> None:
    clock = FakeClock()
    dropped: list[str] = []
    limit = UnsureLimit(dropped.append, clock.instant)
    for number in range(5000):
        limit.take(f"legwatch/v1/{number}/window")
    assert len(dropped) == 5000 - MOST_OF_ALL


def test_a_window_every_second_is_never_dropped() -> None:
    clock = FakeClock()
    dropped: list[str] = []
    limit = UnsureLimit(dropped.append, clock.instant)
    for _ in range(500):
        limit.take("legwatch/v1/anna/window")
        clock.advance(1000)
    assert dropped == []
