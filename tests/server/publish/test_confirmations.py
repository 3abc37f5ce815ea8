"""What is stored is told at once, and no boot is told again and again within a second."""

from collections import Counter

import pytest

from legwatch.contract.confirmation import Stored
from legwatch_runtime.testing import FakeClock
from legwatch_server.publish.confirmations import MOST_A_S, MOST_AT_ONCE, Confirmations
from legwatch_server.publish.port import Confirmation


def stored(seq: int, bed: str = "b", boot: str = "0000000a", *presses: str) -> Confirmation:
    return Confirmation(bed, Stored(boot, seq, presses))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(0)


@pytest.fixture
def told(clock: FakeClock) -> Confirmations:
    return Confirmations(clock.instant())


def test_a_queue_of_one_bed_is_told_once_a_second_and_ends_with_the_newest(
    clock: FakeClock, told: Confirmations
) -> None:
    found = []
    for seq in range(1, 302):
        told.hear(stored(seq))
        found += told.due(clock.instant())
        clock.advance(10)
    assert [one.stored.seq for one in found] == [1, 101, 201, 301]
    assert not told.waits()


def test_what_is_not_told_now_is_told_without_another_window(
    clock: FakeClock, told: Confirmations
) -> None:
    told.hear(stored(1))
    assert told.due(clock.instant()) == [stored(1)]
    told.hear(stored(2))
    assert told.due(clock.instant()) == []
    assert told.waits()
    clock.advance(1000)
    assert told.due(clock.instant()) == [stored(2)]
    assert not told.waits()


def test_a_press_is_told_at_once(clock: FakeClock, told: Confirmations) -> None:
    told.hear(stored(1))
    told.due(clock.instant())
    told.hear(stored(2))
    told.hear(stored(2, "b", "0000000a", "p1"))
    assert told.due(clock.instant()) == [stored(2, "b", "0000000a", "p1")]
    clock.advance(2000)
    assert told.due(clock.instant()) == []


def test_another_boot_and_another_bed_do_not_wait(clock: FakeClock, told: Confirmations) -> None:
    told.hear(stored(9))
    told.due(clock.instant())
    told.hear(stored(1, "b", "0000000b"))
    told.hear(stored(1, "c"))
    assert told.due(clock.instant()) == [stored(1, "b", "0000000b"), stored(1, "c")]


def test_many_beds_are_told_by_and_by_the_longest_waiting_first(
    clock: FakeClock, told: Confirmations
) -> None:
    beds = [f"bed-{n}" for n in range(3000)]
    for bed in beds:
        told.hear(stored(1, bed))
    found: list[str] = []
    seconds: Counter[int] = Counter()
    while told.waits():
        now = told.due(clock.instant())
        assert len(now) <= MOST_AT_ONCE
        seconds[clock.mono_ms() // 1000] += len(now)
        found += [one.bed for one in now]
        clock.advance(50)
    assert found == beds
    assert max(seconds.values()) <= MOST_A_S
