"""The agent's memory: nothing leaves it before the server has it, and nothing is counted twice."""

import json
import queue
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from legwatch.contract.press import Press
from legwatch.contract.stored import Stored
from legwatch.contract.topics import Channel
from legwatch.contract.window import decode_window, encode_window
from legwatch.events import ClockTrust, Window
from legwatch_device.agent import NO_PROGRESS_MS, PLAYED_TO, Agent
from legwatch_device.broker_link import LinkUp
from legwatch_device.drivers import Put
from legwatch_device.spool import Spool, SpooledWindow


class FakeClock:
    def __init__(self) -> None:
        self.utc, self.mono, self.is_synced = 1_767_394_800_000, 1000, True

    def utc_ms(self) -> int:
        return self.utc

    def mono_ms(self) -> int:
        return self.mono

    def synced(self) -> bool:
        return self.is_synced


class FakeLink:
    def __init__(self) -> None:
        self.up = False
        self.sent: list[tuple[Channel, bytes]] = []

    def open(self) -> None:
        self.up = True

    def send(self, channel: Channel, payload: bytes, *, retain: bool = False) -> bool:
        if self.up:
            self.sent.append((channel, payload))
        return self.up

    def windows(self) -> list[Window]:
        return [decode_window(p) for c, p in self.sent if c is Channel.WINDOW]


class FakeFeed:
    def __init__(self, now_ms: int | None = None) -> None:
        self.now = now_ms

    def run(self, put: Put, stop: threading.Event) -> None:
        """Nothing comes by itself."""

    def now_ms(self) -> int | None:
        return self.now


class Bedside:
    def __init__(self, spool: Spool, *, most: int = 1000, feed: FakeFeed | None = None) -> None:
        self.clock, self.link, self.spool = FakeClock(), FakeLink(), spool
        self.agent = Agent(
            boot="0000000a",
            spool=spool,
            link=self.link,
            feed=feed or FakeFeed(),
            clock=self.clock,
            said=queue.Queue(),
            most=most,
        )
        self.measured = 0

    def measure(self, count: int, clock: ClockTrust = ClockTrust.SYNCED) -> None:
        items = []
        for _ in range(count):
            self.measured += 1
            self.clock.utc += 10_000
            self.clock.mono += 10_000
            to_ms = self.clock.utc
            items.append(Window("", 0, to_ms - 10_000, to_ms, self.clock.mono, clock.value, 31.0))
        self.agent.turn(items)


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool.db")


def test_windows_wait_for_a_connection_and_leave_only_when_stored(spool: Spool) -> None:
    bed = Bedside(spool)
    bed.measure(3)
    assert bed.link.sent == []
    bed.agent.turn([LinkUp(1)])
    assert [w.seq for w in bed.link.windows()] == [1, 2, 3]
    assert {w.low for w in bed.link.windows()} == {1}
    assert spool.waiting() == 3
    bed.agent.turn([Stored("0000000a", 2)])
    assert spool.waiting() == 1
    bed.agent.turn([Stored("ffffffff", 99)])
    assert spool.waiting() == 1


def test_the_connection_is_greeted_with_status_and_info(spool: Spool) -> None:
    bed = Bedside(spool)
    bed.agent.turn([LinkUp(1)])
    (_, status), (_, info) = bed.link.sent
    assert status == b"online"
    told = json.loads(info)
    assert (told["boot"], told["clock"], told["lost"]) == ("0000000a", "synced", 0)


def test_age_is_how_long_a_window_waited(spool: Spool) -> None:
    bed = Bedside(spool)
    bed.measure(2)
    bed.clock.mono += 60_000
    bed.agent.turn([LinkUp(1)])
    assert [w.age_ms for w in bed.link.windows()] == [70_000, 60_000]


def test_a_played_window_ages_on_its_own_time_line(spool: Spool) -> None:
    feed = FakeFeed(0)
    bed = Bedside(spool, feed=feed)
    bed.measure(1, ClockTrust.PLAYED)
    feed.now = bed.clock.utc + 200_000
    bed.agent.turn([LinkUp(1)])
    assert bed.link.windows()[0].age_ms == 200_000
    assert spool.fact(PLAYED_TO) == bed.clock.utc


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
    bed = Bedside(Spool(tmp_path / "s.db"))
    bed.measure(1)
    bed.agent.turn([LinkUp(1)])
    first, second = bed.link.windows()
    assert (first.boot, first.seq, first.low, first.age_ms) == ("0000000b", 7, 7, None)
    assert (second.boot, second.seq, second.low) == ("0000000a", 1, 1)


def test_without_progress_everything_is_sent_again(spool: Spool) -> None:
    bed = Bedside(spool)
    bed.measure(2)
    bed.agent.turn([LinkUp(1)])
    bed.clock.mono += NO_PROGRESS_MS + 1
    bed.agent.turn([])
    assert [w.seq for w in bed.link.windows()] == [1, 2, 1, 2]


def test_a_full_spool_drops_the_oldest_and_counts_them(spool: Spool) -> None:
    bed = Bedside(spool, most=5)
    bed.measure(8)
    assert spool.fact("lost") == 3
    bed.agent.turn([LinkUp(1)])
    assert [w.seq for w in bed.link.windows()] == [4, 5, 6, 7, 8]
    assert {w.low for w in bed.link.windows()} == {4}
    assert json.loads(bed.link.sent[1][1])["lost"] == 3


def test_a_full_disk_keeps_windows_in_memory(spool: Spool, monkeypatch: Any) -> None:
    bed = Bedside(spool)
    bed.measure(2)

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(spool, "put", full)
    bed.measure(2)
    monkeypatch.undo()
    bed.measure(1)
    bed.agent.turn([LinkUp(1)])
    assert sorted(w.seq for w in bed.link.windows()) == [1, 2, 3, 4, 5]
    assert {w.low for w in bed.link.windows()} == {1}
    bed.agent.turn([Stored("0000000a", 5)])
    bed.clock.mono += NO_PROGRESS_MS + 1
    bed.agent.turn([])
    assert len(bed.link.windows()) == 5


def test_a_press_keeps_its_place_between_the_windows(spool: Spool) -> None:
    bed = Bedside(spool)
    bed.measure(2)
    bed.agent.turn([Press("p1", "ack", 5)])
    bed.measure(2)
    bed.agent.turn([LinkUp(1)])
    order = [channel for channel, _ in bed.link.sent[2:]]
    assert order == [Channel.WINDOW] * 2 + [Channel.EVENT] + [Channel.WINDOW] * 2


def test_a_press_is_sent_once_there_is_a_connection(spool: Spool) -> None:
    bed = Bedside(spool)
    bed.agent.turn([Press("p1", "ack", 5)])
    bed.agent.turn([LinkUp(1)])
    bed.agent.turn([])
    assert [c for c, _ in bed.link.sent].count(Channel.EVENT) == 1


@settings(max_examples=30)
@given(st.lists(st.sampled_from(["measure", "connect", "drop", "store", "restart"]), max_size=40))
def test_whatever_happens_each_window_is_kept_until_stored(
    tmp_path_factory: pytest.TempPathFactory, acts: list[str]
) -> None:
    path = tmp_path_factory.mktemp("spool") / "s.db"
    bed = Bedside(Spool(path))
    stored = 0
    for act in acts:
        match act:
            case "measure":
                bed.measure(2)
            case "connect":
                bed.agent.turn([LinkUp(1)])
            case "drop":
                bed.link.up = False
            case "store":
                stored = max((w.seq for w in bed.link.windows()), default=stored)
                bed.agent.turn([Stored("0000000a", stored)])
            case "restart":
                bed.spool.close()
                bed.spool = Spool(path)
                link, measured = bed.link, bed.measured
                fresh = Bedside(bed.spool)
                fresh.link, fresh.measured = link, measured
                break
    kept = [item.seq for _, item in bed.spool.after(0, 1000)]
    assert kept == list(range(stored + 1, bed.measured + 1))
