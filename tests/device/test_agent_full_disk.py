"""A disk that takes nothing for a while: what only memory has goes to it as soon as it can."""

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest.mock import Mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.harm import no_file_above
from legwatch.contract.confirmation import Stored
from legwatch.contract.press import Press, decode_press
from legwatch.events import ClockTrust
from legwatch_device import keeping
from legwatch_device.agent import BATCH, NO_PROGRESS_S
from legwatch_device.broker_link import LinkUp
from legwatch_device.keeping import LOST, PLAYED_TO
from legwatch_device.spool import Spool
from legwatch_device.testing import InProcessAgent

BOOT = "0000000a"
LOST_NOW = "are lost with this end"


def press(ident: str) -> Press:
    return Press(ident, "ack", 5)


@contextmanager
def full_disk() -> Iterator[None]:
    """Refuse every byte more in any file."""
    with no_file_above(1):
        yield


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool.db"


def on_disk(path: Path) -> list[int]:
    """Return the numbers of the windows that the next start finds, in their order."""
    found = Spool(path)
    try:
        return [item.seq for _, item in found.after(0, 10_000)]
    finally:
        found.close()


def test_windows_of_the_full_time_are_on_the_disk_when_it_takes_them_again(
    spool: Spool, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    bed = InProcessAgent(spool)
    bed.measure(10)
    with full_disk():
        for _ in range(39):
            bed.measure(1)
        assert spool.waiting() == 10
    for _ in range(2):
        bed.measure(1)
    for _ in range(10):
        bed.turn()
    spool.close()  # the power goes
    assert on_disk(path) == list(range(1, 52))
    assert "a power cut loses those that the server does not have" in caplog.text
    assert caplog.text.count("windows are stored on the disk again") == 1


def test_nothing_is_told_as_stored_before_the_last_of_it_is(
    spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    bed = InProcessAgent(spool, most=3 * BATCH)
    with full_disk():
        bed.measure(2 * BATCH)
    bed.measure(1)
    while spool.waiting() < 2 * BATCH + 1:
        assert "stored on the disk again" not in caplog.text
        before = spool.waiting()
        bed.turn()
        assert before < spool.waiting() <= before + BATCH  # in small steps
        kept = [item.seq for _, item in spool.after(0, 10_000)]
        assert kept == list(range(1, len(kept) + 1))  # oldest first
    assert "stored on the disk again" in caplog.text


def test_presses_of_the_full_time_keep_their_place_on_the_disk(spool: Spool, path: Path) -> None:
    bed = InProcessAgent(spool)
    bed.turn(bed.window(), press("p1"))
    with full_disk():
        bed.turn(press("p2"), bed.window(), press("p3"), bed.window(), press("p4"))
    bed.turn(bed.window(), press("p5"))
    for _ in range(5):
        bed.turn()
    spool.close()
    after = InProcessAgent(Spool(path), boot="0000000b")
    after.turn(LinkUp(1))
    assert after.link.order() == "WEEWEWEWE"
    assert after.link.presses() == ["p1", "p2", "p3", "p4", "p5"]
    after.spool.close()


def test_a_press_alone_goes_to_the_disk_too(spool: Spool, path: Path) -> None:
    bed = InProcessAgent(spool)
    with full_disk():
        bed.turn(press("p1"))
    bed.clock.advance(10_000)
    bed.turn(press("p2"))
    bed.turn()
    spool.close()
    with_them = Spool(path)
    assert [decode_press(kept.payload).id for kept in with_them.presses()] == ["p1", "p2"]
    with_them.close()


def test_an_end_after_the_disk_was_freed_stores_all_that_memory_had(
    spool: Spool, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bed = InProcessAgent(spool, most=3 * BATCH)
    with full_disk():
        bed.measure(3 * BATCH)
        bed.turn(press("p1"))
    bed.run_out(press("p2"))
    assert LOST_NOW not in caplog.text
    spool.close()
    assert on_disk(path) == list(range(1, 3 * BATCH + 1))
    after = Spool(path)
    assert [decode_press(kept.payload).id for kept in after.presses()] == ["p1", "p2"]
    after.close()


def test_an_end_while_the_disk_is_full_says_in_one_sentence_what_is_lost(
    spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    bed = InProcessAgent(spool)
    bed.measure(2)
    with full_disk():
        bed.measure(7)
        bed.run_out(press("p1"))
    (said,) = [message for message in caplog.messages if LOST_NOW in message]
    assert "7 windows and 1 presses" in said


def test_an_end_on_a_good_disk_says_nothing(spool: Spool, caplog: pytest.LogCaptureFixture) -> None:
    bed = InProcessAgent(spool)
    bed.measure(2)
    bed.run_out(press("p1"))
    assert caplog.messages == []


def test_an_end_by_a_fault_stores_what_memory_had(spool: Spool, path: Path) -> None:
    bed = InProcessAgent(spool)
    with full_disk():
        bed.measure(3)
    bed.agent._turned = Mock(side_effect=RuntimeError("a fault of ours"))
    with pytest.raises(RuntimeError, match="ours"):
        bed.agent.run(threading.Event())
    spool.close()
    assert on_disk(path) == [1, 2, 3]


def test_what_memory_has_dropped_is_counted_for_the_next_start(
    spool: Spool, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "IN_MEMORY", 5)
    bed = InProcessAgent(spool)
    with full_disk():
        bed.measure(8)
        bed.measure(1)
    bed.run_out()
    spool.close()
    after = InProcessAgent(Spool(path))
    after.turn(LinkUp(1))
    assert json.loads(after.link.sent[1].payload)["lost"] == 4
    assert after.spool.fact(LOST) == 4
    assert [w.seq for w in after.link.windows()] == [5, 6, 7, 8, 9]
    after.spool.close()


def test_a_recording_goes_on_behind_the_last_window_that_the_disk_has(
    spool: Spool, path: Path
) -> None:
    bed = InProcessAgent(spool)
    begun_ms = bed.clock.now_ms
    with full_disk():
        bed.measure(3, ClockTrust.PLAYED)
    bed.turn()
    bed.measure(1, ClockTrust.PLAYED)
    first = spool.after(0, 100)[-1][1]
    assert spool.fact(PLAYED_TO) == first.to_ms
    bed.run_out()
    assert spool.fact(PLAYED_TO) == begun_ms + 4 * 10_000


def test_windows_that_went_from_memory_to_the_disk_are_not_waited_for_twice(spool: Spool) -> None:
    bed = InProcessAgent(spool)
    bed.turn(LinkUp(1))
    with full_disk():
        bed.measure(4)
    bed.measure(1)
    for _ in range(5):
        bed.turn()
    assert sorted({w.seq for w in bed.link.windows()}) == [1, 2, 3, 4, 5]
    bed.turn(Stored(BOOT, 5))
    assert spool.waiting() == 0
    sent = len(bed.link.windows())
    bed.measure(1)
    bed.turn(Stored(BOOT, 6))
    bed.clock.advance(int(NO_PROGRESS_S * 1000) + 1)
    bed.turn()
    assert len(bed.link.windows()) == sent + 1
    assert bed.agent._under_way == 0


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.sampled_from(["measure", "press", "fill", "free", "connect", "store", "turn"]),
        max_size=40,
    )
)
def test_whatever_the_disk_does_nothing_is_lost_once_it_takes_data_at_the_end(
    tmp_path_factory: pytest.TempPathFactory, acts: list[str]
) -> None:
    path = tmp_path_factory.mktemp("spool") / "s.db"
    bed, stored, pressed = InProcessAgent(Spool(path)), 0, 0
    with ExitStack() as disk:
        for act in acts:
            match act:
                case "measure":
                    bed.measure(3)
                case "press":
                    pressed += 1
                    bed.turn(press(str(pressed)))
                case "fill":
                    disk.enter_context(full_disk())
                case "free":
                    disk.close()
                case "connect":
                    bed.turn(LinkUp(1))
                case "turn":
                    bed.turn()
                case "store":
                    stored = max((w.seq for w in bed.link.windows()), default=stored)
                    bed.turn(Stored(BOOT, stored))
    bed.run_out()
    bed.spool.close()
    kept = on_disk(path)
    assert kept == sorted(kept)
    assert [seq for seq in kept if seq > stored] == list(range(stored + 1, bed.measured + 1))
    after = Spool(path)
    ids = [decode_press(one.payload).id for one in after.presses()]
    after.close()
    assert ids == [str(n) for n in range(1, pressed + 1)]
