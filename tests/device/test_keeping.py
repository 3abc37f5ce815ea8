"""The card is written seldom: at most once in ten seconds, and not for what the server has."""

from itertools import pairwise
from typing import Any

import pytest

from legwatch.contract.confirmation import Stored
from legwatch.contract.press import Press
from legwatch.events import ClockTrust
from legwatch_device.broker_link import LinkUp
from legwatch_device.keeping import FLUSH_S, SETTLE_S
from legwatch_device.spool import Spool
from legwatch_device.testing import InProcessAgent

BOOT = "0000000a"


class Counted:
    """An agent, a second for each turn, and when its card was flushed."""

    def __init__(self, spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bed, self.flushed_s = InProcessAgent(spool, most=10_000), list[float]()
        whole = spool.put

        def put(*args: Any, **named: Any) -> int:
            self.flushed_s.append(self.now_s)
            return whole(*args, **named)

        monkeypatch.setattr(spool, "put", put)

    @property
    def now_s(self) -> float:
        return self.bed.clock.up_ms / 1000

    def live(self, seconds: int, *, confirmed_after_s: int | None, window_s: int = 10) -> None:
        for second in range(seconds):
            if second % window_s == 0:
                self.bed.turn(self.bed.window(after_ms=1000))
            else:
                self.bed.clock.advance(1000)
                self.bed.turn()
            if confirmed_after_s is not None and second % window_s == confirmed_after_s:
                self.bed.turn(Stored(BOOT, self.bed.measured))


@pytest.fixture
def card(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> Counted:
    return Counted(spool, monkeypatch)


def assert_seldom(card: Counted) -> None:
    assert all(after - before >= FLUSH_S for before, after in pairwise(card.flushed_s))


def test_what_the_server_confirms_soon_is_never_written(card: Counted, spool: Spool) -> None:
    card.bed.turn(LinkUp(1))
    card.live(600, confirmed_after_s=int(SETTLE_S) - 1)
    assert card.flushed_s == []
    assert spool.waiting() == 0


@pytest.mark.parametrize("window_s", [1, 10])
def test_without_a_server_it_is_written_once_in_ten_seconds(
    card: Counted, spool: Spool, window_s: int
) -> None:
    card.live(600, confirmed_after_s=None, window_s=window_s)
    assert 59 <= len(card.flushed_s) <= 60
    assert_seldom(card)
    assert spool.waiting() >= card.bed.measured - FLUSH_S // window_s


def test_without_confirmations_a_window_is_on_the_card_within_ten_seconds(
    card: Counted, spool: Spool
) -> None:
    card.bed.turn(LinkUp(1))
    for _ in range(20):
        card.live(10, confirmed_after_s=None)
        assert spool.waiting() == card.bed.measured
    assert_seldom(card)


def test_windows_that_went_to_the_card_are_not_sent_twice(card: Counted) -> None:
    card.bed.turn(LinkUp(1))
    card.live(9, confirmed_after_s=None, window_s=1)
    assert len(card.flushed_s) == 1
    assert [window.seq for window in card.bed.link.windows()] == list(range(1, 10))


def test_after_a_time_without_a_server_all_comes_once_and_in_order(card: Counted) -> None:
    card.live(100, confirmed_after_s=None, window_s=1)
    card.bed.turn(LinkUp(1))
    card.live(3, confirmed_after_s=None, window_s=1)
    sent = [window.seq for window in card.bed.link.windows()]
    assert sorted(set(sent)) == list(range(1, 104))
    assert len(sent) == 103


def test_a_press_is_on_the_card_at_once_or_ten_seconds_after_the_last_flush(
    card: Counted, spool: Spool
) -> None:
    card.bed.turn(LinkUp(1), Press("p1", "ack", 5))
    assert spool.presses_waiting() == 1
    card.bed.turn(Press("p2", "ack", 5))
    assert spool.presses_waiting() == 1
    card.live(10, confirmed_after_s=None)
    assert spool.presses_waiting() == 2
    assert_seldom(card)
    assert card.bed.link.presses() == ["p1", "p2"]  # each once


def test_a_recording_is_written_at_once_since_it_goes_on_there(card: Counted, spool: Spool) -> None:
    for _ in range(5):
        card.bed.turn(card.bed.window(ClockTrust.PLAYED, after_ms=10))
    assert spool.waiting() == 5
