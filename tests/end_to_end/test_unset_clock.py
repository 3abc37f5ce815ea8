"""A bedside that starts without a network, and without the time, is stored where it was measured.

The Pi has no battery clock: it starts in 1970, or where it was switched off. Its network, and with
it the time, comes two hours later.
"""

import json
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from campaigns import false_clock
from campaigns.clocks_real_house import ClocksHouse
from legwatch.contract.confirmation import decode_stored
from legwatch.contract.press import Press
from legwatch.contract.topics import Channel, topic
from legwatch.events import ClockTrust, Window
from legwatch_device.broker_link import LinkUp
from legwatch_device.spool import Spool
from legwatch_device.testing import InProcessAgent
from legwatch_server.testing import InProcessServer
from repository import miss
from server.ward import BEGIN, open_ward

MINUTE_MS, HOUR_MS = 60_000, 3_600_000  # a window is a minute
IN_1970 = 45_000
RUN, NEXT_RUN = "machine-1", "machine-2"


class Night:
    """A server whose clock is right, and a bedside whose wall clock is not set."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.starts = folder, 0
        (folder / "server").mkdir()
        self.ward: InProcessServer = open_ward(folder / "server")
        self.right_ms = BEGIN
        self.measured: list[tuple[int, float]] = []  # when by a right clock, and what
        self.presses: list[int] = []
        self.agent = self._started(IN_1970, 30_000, RUN)

    def _started(self, wall_ms: int, up_ms: int, run: str) -> InProcessAgent:
        self.starts += 1
        self.spool = Spool(self.folder / "spool.db")
        agent = InProcessAgent(self.spool, boot=f"{self.starts:08x}", run=run)
        agent.clock.now_ms, agent.clock.up_ms, agent.clock.is_synced = wall_ms, up_ms, False
        return agent

    def restart(self, *, machine: bool) -> None:
        """Start the agent again, or the whole machine, which then knows no time."""
        old, synced = self.agent, self.agent.clock.is_synced
        old.run_out()
        old.agent.close()
        self.spool.close()
        if machine:
            self.agent = self._started(IN_1970, 30_000, NEXT_RUN)
        else:
            self.agent = self._started(old.clock.now_ms, old.clock.up_ms, RUN)
            self.agent.clock.is_synced = synced

    def go(self, ms: int, leg_c: float = 31.0) -> None:
        """Measure a window each minute."""
        for _ in range(ms // MINUTE_MS):
            self.right_ms += MINUTE_MS
            self.ward.clock.advance(MINUTE_MS)
            clock = self.agent.clock
            clock.advance(MINUTE_MS)
            trust = ClockTrust.SYNCED if clock.is_synced else ClockTrust.UNSYNCED
            own_ms, up_ms = clock.now_ms, clock.up_ms
            window = Window("", 0, own_ms - MINUTE_MS, own_ms, up_ms, trust.value)
            seen: dict[str, Any] = {"leg_c": leg_c, "room_c": 18.0, "moves": 2, "in_bed": True}
            self.measured.append((self.right_ms, leg_c))
            self.agent.turn(window._replace(**seen))
            self.carry()

    def press(self) -> None:
        clock = self.agent.clock
        trust = ClockTrust.SYNCED if clock.is_synced else ClockTrust.UNSYNCED
        self.presses.append(self.right_ms)
        ident = f"p{len(self.presses)}"
        self.agent.turn(Press(ident, "ack", clock.now_ms, clock=trust.value))

    def get_time(self) -> None:
        self.agent.clock.now_ms, self.agent.clock.is_synced = self.right_ms, True

    def connect(self) -> None:
        self.agent.turn(LinkUp(1))
        for _ in range(20):
            self.carry()
            self.agent.turn()

    def carry(self) -> None:
        """Bring messages to the server, and its confirmations back."""
        sent, self.agent.link.sent = self.agent.link.sent[:], []
        if sent:
            self.ward.turn([self.ward.message(topic("b", m.channel), m.payload) for m in sent])
        for message in self.ward.broker.published:
            if message.topic.endswith("/stored"):
                self.agent.turn(decode_stored(message.payload))
        self.ward.broker.published.clear()

    def stored(self) -> list[tuple[int, float]]:
        return self.ward.rows("SELECT to_ms, leg_c FROM windows ORDER BY to_ms")

    def off_ms(self) -> int:
        """Return by how much the window that is placed worst is off."""
        stored = self.stored()
        assert len(stored) == len(self.measured)
        pairs = zip(sorted(self.measured), stored, strict=True)
        return max(abs(at_ms - to_ms) for (at_ms, _), (to_ms, _) in pairs)

    def close(self) -> None:
        self.agent.agent.close()
        self.spool.close()
        self.ward.close()


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    made = Night(tmp_path)
    yield made
    made.close()


def two_hours(night: Night) -> None:
    night.go(HOUR_MS)
    night.go(20 * MINUTE_MS, leg_c=22.0)
    night.go(40 * MINUTE_MS)


def test_two_hours_before_the_time_came_are_stored_where_they_were_measured(night: Night) -> None:
    two_hours(night)
    night.get_time()
    night.connect()
    night.go(10 * MINUTE_MS)
    assert night.off_ms() <= 1000
    assert sorted(night.measured) == night.stored()


def test_windows_that_come_before_the_time_does_are_placed_by_their_arrival(night: Night) -> None:
    two_hours(night)
    night.connect()
    night.go(10 * MINUTE_MS)
    night.get_time()
    night.go(10 * MINUTE_MS)
    assert night.off_ms() <= 1000


@pytest.mark.parametrize("timely", [True, False])
def test_an_agent_that_was_started_again_meanwhile_moves_no_window(
    night: Night, *, timely: bool
) -> None:
    """The watchdog, an update: the elapsed clock of the machine goes on."""
    night.go(HOUR_MS, leg_c=22.0)
    night.restart(machine=False)
    night.go(HOUR_MS)
    if timely:
        night.get_time()
        night.go(MINUTE_MS)
    night.connect()
    night.go(10 * MINUTE_MS)
    assert night.off_ms() <= 1000


@pytest.mark.parametrize("timely", [True, False])
def test_a_machine_that_had_the_time_once_and_loses_its_power_moves_no_window(
    night: Night, *, timely: bool
) -> None:
    night.go(HOUR_MS, leg_c=22.0)
    night.get_time()  # and still no server
    night.go(10 * MINUTE_MS)
    night.restart(machine=True)
    night.right_ms += HOUR_MS
    night.ward.clock.advance(HOUR_MS)
    if timely:
        night.get_time()
    night.go(5 * MINUTE_MS)
    night.connect()
    night.go(10 * MINUTE_MS)
    assert night.off_ms() <= 1000


def test_of_a_run_that_never_had_the_time_nothing_is_dated_1970_or_judged(night: Night) -> None:
    """Nobody can know when that was; it was before the machine was started again."""
    night.go(HOUR_MS, leg_c=22.0)
    cut_ms = night.right_ms
    night.restart(machine=True)
    night.right_ms += HOUR_MS
    night.ward.clock.advance(HOUR_MS)
    night.go(MINUTE_MS)
    night.connect()
    night.go(30 * MINUTE_MS)
    assert len(night.stored()) == len(night.measured)
    assert min(to_ms for to_ms, _ in night.stored()) >= cut_ms - HOUR_MS
    assert night.ward.rows("SELECT count(*) FROM windows WHERE leg_c=22.0 AND NOT late") == [(0,)]
    assert night.ward.lines() == []


def test_legs_that_are_cold_now_are_told_though_the_clock_is_not_set(night: Night) -> None:
    night.connect()
    night.go(90 * MINUTE_MS)
    night.go(40 * MINUTE_MS, leg_c=22.0)
    kinds = [json.loads(line)["kind"] for line in night.ward.lines()]
    assert "cold" in kinds
    assert night.off_ms() <= 1000


@pytest.mark.parametrize("again", [True, False])
def test_a_press_of_two_hours_ago_is_none_of_now(night: Night, *, again: bool) -> None:
    night.go(10 * MINUTE_MS)
    night.press()
    if again:
        night.restart(machine=False)
    night.go(2 * HOUR_MS)
    night.connect()
    ((at_ms,),) = night.ward.rows("SELECT at_ms FROM presses")
    assert abs(at_ms - night.presses[0]) <= MINUTE_MS
    assert night.agent.agent._kept.waiting() == 0


def test_a_press_is_confirmed_by_an_older_server_although_its_age_is_added(night: Night) -> None:
    from legwatch.contract.confirmation import Stored  # noqa: PLC0415
    from legwatch_device.broker_link import PubAck  # noqa: PLC0415

    night.press()
    night.agent.clock.advance(HOUR_MS)
    night.agent.turn(LinkUp(1))
    (sent,) = night.agent.link.payloads(Channel.EVENT)
    assert json.loads(sent)["age_ms"] == HOUR_MS
    night.agent.turn(Stored("00000001", 0, None))
    night.agent.turn(PubAck(sent))
    assert night.agent.agent._kept.waiting() == 0


AWAY_S, SEEN_S = 4, 2


@pytest.mark.usefixtures("mosquitto")
def test_a_real_agent_that_gets_the_time_late_is_stored_where_it_was_measured(
    tmp_path: Path,
) -> None:
    if not false_clock.LIBRARIES:
        miss("libfaketime is not installed: sudo apt install faketime")
    with ClocksHouse(tmp_path, "agent") as house:
        false_clock.set_clock(house._offset, 45 - int(time.time()))
        begun_ms = time.time() * 1000
        agent = house.bedside()
        time.sleep(AWAY_S)
        agent.stop()  # and once more, before anybody has the time
        house.bedside()
        time.sleep(AWAY_S)
        false_clock.set_clock(house._offset, 0)
        house.broker()
        house.server()
        house.wait_windows(2 * AWAY_S)
        time.sleep(SEEN_S)
        rows = house.rows("SELECT to_ms FROM windows ORDER BY to_ms")
        ends = [to_ms for (to_ms,) in rows]
    assert begun_ms <= ends[0] <= begun_ms + 9000  # the start of a process
    gaps = [after - before for before, after in pairwise(ends)]
    assert max(gaps) < 4500  # the start of a process
    assert sum(gap > 1500 for gap in gaps) <= 1
