"""The agent's memory: nothing leaves it before the server has it, and nothing is counted twice."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from legwatch.contract.bedside_command import Cmd, Command, CommandResult, Loudness
from legwatch.contract.confirmation import Stored
from legwatch.contract.press import Press
from legwatch.contract.topics import Channel
from legwatch.contract.window import encode_window
from legwatch.events import ClockTrust, Window
from legwatch_device.agent import NO_PROGRESS_S, PROBE, UNCONFIRMED
from legwatch_device.broker_link import LinkUp
from legwatch_device.indicator import LONGEST_LIT_S
from legwatch_device.keeping import PLAYED_TO
from legwatch_device.spool import Spool, SpooledWindow
from legwatch_device.testing import FakeFeed, InProcessAgent


def test_windows_wait_for_a_connection_and_leave_only_when_stored(spool: Spool) -> None:
    bed = InProcessAgent(spool)
    bed.measure(3)
    assert bed.link.sent == []
    bed.turn(LinkUp(1))
    assert [w.seq for w in bed.link.windows()] == [1, 2, 3]
    assert {w.low for w in bed.link.windows()} == {1}
    assert spool.waiting() == 3
    bed.turn(Stored("0000000a", 2))
    assert spool.waiting() == 1
    bed.turn(Stored("ffffffff", 99))
    assert spool.waiting() == 1


def test_the_connection_is_greeted_with_status_and_info(spool: Spool) -> None:
    bed = InProcessAgent(spool)
    bed.turn(LinkUp(1))
    status, info = bed.link.sent
    assert status.payload == b"online"
    told = json.loads(info.payload)
    assert (told["boot"], told["clock"], told["lost"]) == ("0000000a", "synced", 0)


def test_age_is_how_long_a_window_waited(spool: Spool) -> None:
    bed = InProcessAgent(spool)
    bed.measure(2)
    bed.clock.advance(60_000)
    bed.turn(LinkUp(1))
    assert [w.age_ms for w in bed.link.windows()] == [70_000, 60_000]


def test_windows_that_nobody_confirms_are_not_all_sent_for_ever(spool: Spool) -> None:
    """A server that is too old for them leaves a whole night in the spool."""
    bed = InProcessAgent(spool)
    bed.measure(900)
    bed.turn(LinkUp(1))
    sent = []
    for _ in range(24 * 60):  # four hours of ten seconds
        bed.link.sent.clear()
        bed.clock.advance(10_000)
        bed.turn()
        sent.append(len(bed.link.windows()))
    assert sum(sent) < 2 * UNCONFIRMED + 24 * 60 + 60 * PROBE
    assert sum(sent[-360:]) <= 12 * PROBE  # in the last hour
    assert spool.waiting() == 900
    # And now the server is updated: the first few are confirmed, and all others come at once.
    bed.link.sent.clear()
    bed.turn(Stored("0000000a", PROBE))
    assert [w.seq for w in bed.link.windows()] == list(range(PROBE + 1, 901))


def said_in_vain(bed: InProcessAgent, caplog: pytest.LogCaptureFixture) -> str:
    """Return what is said once of a broker that takes windows and brings no confirmation."""
    bed.measure(3)
    bed.turn(LinkUp(1))
    for _ in range(60):
        bed.clock.advance(10_000)
        bed.turn()
    (said,) = [record.getMessage() for record in caplog.records if "confirms" in record.message]
    return said


def test_a_bed_whose_name_is_not_its_user_is_told_why_nothing_is_confirmed(
    spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    """The broker takes its windows, and drops them without a word."""
    said = said_in_vain(InProcessAgent(spool, user="anna"), caplog)
    assert "no server confirms them" in said
    assert "is mqtt.user (anna) named as the bed?" in said


def test_without_a_connection_nobody_is_told_that_the_broker_takes_the_windows(
    spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    """The network is gone: whoever reads of a full disk looks at a healthy server."""
    bed = InProcessAgent(spool)
    bed.measure(3)
    bed.turn(LinkUp(1))
    bed.link.up = False
    for _ in range(60):
        bed.clock.advance(10_000)
        bed.turn()
    assert "no server confirms them" not in caplog.text


def test_a_bed_whose_user_is_right_asks_after_the_disk_of_the_server(
    spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    said = said_in_vain(InProcessAgent(spool), caplog)
    assert "does the server run, and can it keep what comes, or is its disk full?" in said
    assert "named as the bed" not in said


def test_a_played_window_ages_on_its_own_time_line(spool: Spool) -> None:
    feed = FakeFeed(0)
    bed = InProcessAgent(spool, feed=feed)
    bed.measure(1, ClockTrust.PLAYED)
    feed.now = bed.clock.now_ms + 200_000
    bed.turn(LinkUp(1))
    assert bed.link.windows()[0].age_ms == 200_000
    assert spool.fact(PLAYED_TO) == bed.clock.now_ms


def test_an_earlier_boots_windows_are_sent_too(tmp_path: Path) -> None:
    old = Spool(tmp_path / "s.db")
    blind = Window("0000000b", 7, 0, 10_000, 10_000, ClockTrust.UNSYNCED.value, 31.0)
    old.put(
        [
            SpooledWindow(
                "0000000b", 7, 10_000, 10_000, ClockTrust.UNSYNCED.value, encode_window(blind)
            )
        ]
    )
    old.close()
    bed = InProcessAgent(Spool(tmp_path / "s.db"))
    bed.measure(1)
    bed.turn(LinkUp(1))
    first, second = bed.link.windows()
    assert (first.boot, first.seq, first.low, first.age_ms) == ("0000000b", 7, 7, None)
    assert (second.boot, second.seq, second.low) == ("0000000a", 1, 1)
    bed.spool.close()


def test_without_progress_everything_is_sent_again(spool: Spool) -> None:
    bed = InProcessAgent(spool)
    bed.measure(2)
    bed.turn(LinkUp(1))
    bed.clock.advance(int(NO_PROGRESS_S * 1000) + 1)
    bed.turn()
    assert [w.seq for w in bed.link.windows()] == [1, 2, 1, 2]


def test_a_full_spool_drops_the_oldest_and_counts_them(spool: Spool) -> None:
    bed = InProcessAgent(spool, most=5)
    bed.measure(8)
    assert spool.fact("lost") == 3
    bed.turn(LinkUp(1))
    assert [w.seq for w in bed.link.windows()] == [4, 5, 6, 7, 8]
    assert {w.low for w in bed.link.windows()} == {4}
    assert json.loads(bed.link.sent[1].payload)["lost"] == 3


def test_a_full_disk_keeps_windows_in_memory(spool: Spool, monkeypatch: Any) -> None:
    bed = InProcessAgent(spool)
    bed.measure(2)

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(spool, "put", full)
    bed.measure(2)
    monkeypatch.undo()
    bed.measure(1)
    bed.turn(LinkUp(1))
    assert sorted(w.seq for w in bed.link.windows()) == [1, 2, 3, 4, 5]
    assert {w.low for w in bed.link.windows()} == {1}
    bed.turn(Stored("0000000a", 5))
    bed.clock.advance(int(NO_PROGRESS_S * 1000) + 1)
    bed.turn()
    assert len(bed.link.windows()) == 5


@settings(max_examples=30)
@given(st.lists(st.sampled_from(["measure", "connect", "drop", "store", "restart"]), max_size=40))
def test_whatever_happens_each_window_is_kept_until_stored(
    tmp_path_factory: pytest.TempPathFactory, acts: list[str]
) -> None:
    path = tmp_path_factory.mktemp("spool") / "s.db"
    bed = InProcessAgent(Spool(path))
    stored = 0
    for act in acts:
        match act:
            case "measure":
                bed.measure(2)
            case "connect":
                bed.turn(LinkUp(1))
            case "drop":
                bed.link.up = False
            case "store":
                stored = max((w.seq for w in bed.link.windows()), default=stored)
                bed.turn(Stored("0000000a", stored))
            case "restart":
                bed.spool.close()
                bed.spool = Spool(path)
                link, measured = bed.link, bed.measured
                fresh = InProcessAgent(bed.spool)
                fresh.link, fresh.measured = link, measured
                break
    kept = [item.seq for _, item in bed.spool.after(0, 1000)]
    bed.spool.close()
    assert kept == list(range(stored + 1, bed.measured + 1))


NUDGE = Command("a", Cmd.NUDGE)
LOUD = Command("b", Cmd.NUDGE, Loudness.LOUD)


def test_the_agent_acts_and_answers(spool: Spool) -> None:
    bed = InProcessAgent(spool)
    bed.turn(LinkUp(1), NUDGE, NUDGE)
    assert bed.signal.did == ["light"]
    assert bed.link.results() == [CommandResult("a", ok=True)] * 2
    assert not [m for m in bed.link.sent if m.channel is Channel.RESULT and m.retain]
    bed.clock.advance(LONGEST_LIT_S * 1000 + 1)
    bed.turn()
    assert bed.signal.did == ["light", "calm"]


def test_a_press_at_the_bed_puts_all_out_without_waiting_for_anybody(spool: Spool) -> None:
    bed = InProcessAgent(spool)
    bed.turn(LOUD, Press("p1", "ack", 5))
    assert bed.signal.did == ["light", "sound", "calm"]
