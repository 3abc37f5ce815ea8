"""A card that takes no file at the start, and takes one later."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from campaigns.harm import no_file_above
from legwatch.contract.confirmation import Stored
from legwatch.contract.press import Press
from legwatch.errors import CannotRun
from legwatch_device.broker_link import LinkUp
from legwatch_device.card import FIRST_WAIT_S, LONGEST_WAIT_S, NAME, Card
from legwatch_device.spool import Spool
from legwatch_device.testing import InProcessAgent
from legwatch_runtime.testing import FakeClock


class Bed:
    """An agent with its card; `folder` may be blocked by a file of that name."""

    def __init__(self, folder: Path, *, blocked: bool) -> None:
        self.folder, self.clock = folder, FakeClock()
        if blocked:
            folder.write_text("")
        self.card = Card(folder, self.clock.instant)
        self.agent = InProcessAgent(self.card.begin())
        self.agent.agent._home = self.card.back

    def on_the_card(self) -> int:
        spool = self.folder / NAME
        if not spool.exists():
            return 0
        looked = Spool(spool)
        try:
            return looked.waiting()
        finally:
            looked.close()

    def wait(self, seconds: float) -> None:
        self.clock.advance(int(seconds * 1000))
        self.agent.turn()


@pytest.fixture
def bed(tmp_path: Path) -> Iterator[Bed]:
    made = Bed(tmp_path / "state", blocked=True)
    with made.card:
        yield made


def test_what_was_kept_in_memory_goes_to_the_card_when_it_takes_files(
    bed: Bed, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    bed.agent.measure(3)
    bed.agent.turn(Press("p-1", "ack", 5))
    bed.wait(FIRST_WAIT_S + 1)
    assert bed.on_the_card() == 0
    bed.folder.unlink()
    bed.wait(LONGEST_WAIT_S)
    assert bed.on_the_card() == 3
    bed.agent.measure(2)
    assert bed.on_the_card() == 5
    bed.agent.turn(LinkUp(1))
    assert [window.seq for window in bed.agent.link.windows()] == [1, 2, 3, 4, 5]
    bed.agent.turn(Stored("0000000a", 5, ("p-1",)))
    assert bed.agent.agent._kept.waiting() == 0
    assert bed.on_the_card() == 0
    assert caplog.messages.count("the spool is on the card again") == 1


def test_an_end_brings_what_was_kept_in_memory_to_a_card_that_takes_files_again(
    bed: Bed, caplog: pytest.LogCaptureFixture
) -> None:
    bed.agent.measure(3)
    bed.folder.unlink()
    bed.agent.run_out(Press("p-1", "ack", 5))
    assert bed.on_the_card() == 3
    assert "are lost" not in caplog.text


def test_an_end_without_a_card_says_how_many_windows_are_lost(
    bed: Bed, caplog: pytest.LogCaptureFixture
) -> None:
    bed.agent.measure(3)
    bed.agent.run_out()
    assert "3 windows and 0 presses" in caplog.messages[-1]


def test_what_lies_on_the_card_is_sent_when_it_can_be_opened(tmp_path: Path) -> None:
    folder, away = tmp_path / "state", tmp_path / "away"
    before = Bed(folder, blocked=False)
    with before.card:
        before.agent.measure(2)
    folder.rename(away)
    bed = Bed(folder, blocked=True)
    with bed.card:
        bed.agent.turn(LinkUp(1))
        bed.agent.measure(1)
        folder.unlink()
        away.rename(folder)
        bed.wait(LONGEST_WAIT_S)
        assert {window.seq for window in bed.agent.link.windows()} == {1, 2}


def lost_while_it_ran(bed: Bed) -> Path:
    """Take the card away from a running agent; return where it is."""
    away = bed.folder.rename(bed.folder.with_name("away"))
    bed.folder.write_text("")
    bed.agent.measure(1)
    return away


def told_lost(bed: Bed) -> int:
    bed.agent.turn(LinkUp(1))
    infos = [json.loads(sent.payload) for sent in bed.agent.link.sent if sent.channel == "info"]
    return int(infos[-1].get("lost") or 0)


@pytest.mark.parametrize("returned", [True, False])
def test_a_spool_that_lost_its_card_while_it_ran_goes_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, *, returned: bool
) -> None:
    caplog.set_level("INFO")
    bed = Bed(tmp_path / "state", blocked=False)
    with bed.card:
        bed.agent.measure(3)
        away = lost_while_it_ran(bed)
        bed.wait(FIRST_WAIT_S + 1)
        assert bed.on_the_card() == 0
        bed.folder.unlink()
        if returned:
            away.rename(bed.folder)
        bed.wait(LONGEST_WAIT_S)
        assert bed.on_the_card() == 4
        bed.agent.measure(2)
        assert bed.on_the_card() == 6
        assert told_lost(bed) == 0
        assert {window.seq for window in bed.agent.link.windows()} == {1, 2, 3, 4, 5, 6}
        assert caplog.messages.count("the spool is on the card again") == 1
        with pytest.raises(CannotRun, match="in use"), Card(bed.folder) as other:
            other.begin()
    with Card(bed.folder) as later:  # the agent has given it back
        later.begin()


def test_a_spool_that_lost_its_card_stays_in_memory_while_the_card_is_full(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    bed = Bed(tmp_path / "state", blocked=False)
    with bed.card:
        bed.agent.measure(300)
        lost_while_it_ran(bed)
        bed.folder.unlink()
        with no_file_above(1 << 16):  # a new spool has room, and the windows have none
            bed.wait(LONGEST_WAIT_S)
            bed.wait(LONGEST_WAIT_S)
        assert bed.on_the_card() == 0
        assert bed.agent.agent._kept.waiting() == 301
        assert "the spool is on the card again" not in caplog.messages
        bed.agent.turn()
        bed.wait(LONGEST_WAIT_S)
        assert bed.on_the_card() == 301
        assert told_lost(bed) == 0


def test_a_card_is_tried_after_pauses_that_grow(bed: Bed, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []

    def again() -> Spool:
        tried.append(bed.clock.now_ms // 1000)
        raise CannotRun("in use by another process")

    begun = bed.clock.now_ms // 1000
    monkeypatch.setattr(bed.card, "_spool", again)
    for _ in range(1200):
        bed.wait(1.0)
    assert [second - begun for second in tried] == [10, 30, 70, 150, 310, 610, 910]


def test_a_card_that_another_agent_uses_is_refused(tmp_path: Path) -> None:
    with Card(tmp_path) as first:
        first.begin()
        with pytest.raises(CannotRun, match="in use by another process"), Card(tmp_path) as second:
            second.begin()
    with Card(tmp_path) as third:  # the first has given it back
        third.begin()
