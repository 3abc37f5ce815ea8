"""What is stored is told at once, and no boot is told again and again within a second."""

from collections import Counter

import pytest

from legwatch.contract.confirmation import Stored
from legwatch_runtime.testing import FakeClock
from legwatch_server.publish.confirmations import FEW, MOST_A_S, MOST_AT_ONCE, Confirmations
from legwatch_server.publish.port import Confirmation


def stored(seq: int, bed: str = "b", boot: str = "0000000a", *presses: str) -> Confirmation:
    return Confirmation(bed, Stored(boot, seq, presses))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(0)


@pytest.fixture
def told(clock: FakeClock) -> Confirmations:
    return Confirmations(clock.instant())


BEDS = [f"bed-{n}" for n in range(FEW + 1)]


def hear(told: Confirmations, seq: int) -> None:
    for bed in BEDS:
        told.hear(stored(seq, bed))


def test_of_a_queue_each_bed_is_told_once_a_second_and_at_the_end_the_newest(
    clock: FakeClock, told: Confirmations
) -> None:
    found: dict[str, list[int]] = {bed: [] for bed in BEDS}
    for seq in range(1, 302):
        hear(told, seq)
        for bed, what in told.due(clock.instant()):
            found[bed].append(what.seq)
        clock.advance(10)
    assert set(map(tuple, found.values())) == {(1, 101, 201, 301)}
    assert not told.waits()


def test_what_is_not_told_now_is_told_without_another_window(
    clock: FakeClock, told: Confirmations
) -> None:
    hear(told, 1)
    assert len(told.due(clock.instant())) == len(BEDS)
    hear(told, 2)
    assert told.due(clock.instant()) == []
    assert told.waits()
    clock.advance(1000)
    assert told.due(clock.instant()) == [stored(2, bed) for bed in BEDS]
    assert not told.waits()


def test_a_press_is_told_at_once(clock: FakeClock, told: Confirmations) -> None:
    hear(told, 1)
    told.due(clock.instant())
    hear(told, 2)
    pressed = stored(2, BEDS[3], "0000000a", "p1")
    told.hear(pressed)
    assert told.due(clock.instant()) == [pressed]
    clock.advance(2000)
    assert len(told.due(clock.instant())) == len(BEDS) - 1


def test_a_few_beds_are_told_after_each_commit(clock: FakeClock, told: Confirmations) -> None:
    for seq in range(1, 20):
        told.hear(stored(seq))
        told.hear(stored(seq, "c"))
        assert told.due(clock.instant()) == [stored(seq), stored(seq, "c")]


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
