"""When a window was measured: by the agent's elapsed clock, whatever the wall clocks say."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from legwatch.contract.bedside_info import BedsideInfo, encode_info
from legwatch.contract.topics import Channel, topic
from legwatch.contract.window import encode_window
from legwatch.events import ClockTrust, Window
from legwatch.testing import live_window
from legwatch_server.beds.clocks_apart import apart
from legwatch_server.notify.commit import commit
from legwatch_server.store.errors import StoreError
from legwatch_server.testing import InProcessServer
from server.beds.anna import COMMIT
from server.ward import MINUTE_MS, open_ward

TEN_S = 10_000
HOUR_MS = 60 * MINUTE_MS
UP_MS = HOUR_MS  # of the agent's machine when window 0 ended
WARM: dict[str, Any] = {"leg_c": 31.0, "room_c": 18.0, "moves": 0, "in_bed": True}
UNSET = ClockTrust.UNSYNCED.value


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[InProcessServer]:
    made = open_ward(tmp_path)
    yield made
    made.close()


def measured(seq: int, own_ms: int, boot: str = "0000000a", **more: Any) -> Window:
    """Return a window that ends at `own_ms` by the agent's wall clock."""
    fields = {**WARM, "mono_ms": UP_MS + seq * TEN_S, "boot": boot, **more}
    return live_window(seq, own_ms, **fields)


def unset(seq: int, boot: str = "0000000a", **more: Any) -> Window:
    """Return a window of an agent that knows no time but that of its machine."""
    return measured(seq, UP_MS + seq * TEN_S, boot, clock=UNSET, **more)


def take(ward: InProcessServer, *windows: Window) -> None:
    """Let windows of bed b arrive together, now."""
    ward.turn([ward.message(topic("b", Channel.WINDOW), encode_window(one)) for one in windows])


def wait(ward: InProcessServer, ms: int = TEN_S) -> None:
    ward.clock.advance(ms)


def live(ward: InProcessServer, seqs: Sequence[int], off_ms: int = 0, **more: Any) -> None:
    """Let windows arrive as they are measured; the agent's clock is wrong by `off_ms`."""
    for seq in seqs:
        wait(ward)
        take(ward, measured(seq, ward.clock.now_ms + off_ms, **more))


def placed(ward: InProcessServer) -> list[tuple[int, int]]:
    """Return how long ago each window has ended, s, and whether it is late."""
    rows = ward.rows("SELECT to_ms, late FROM windows ORDER BY id")
    return [(round((ward.clock.now_ms - to_ms) / 1000), late) for to_ms, late in rows]


def test_what_waited_at_the_broker_goes_to_its_own_minutes(ward: InProcessServer) -> None:
    """254 windows of an agent without a set clock, which sent them when no server was there."""
    take(ward, *(unset(seq, leg_c=20.0) for seq in range(1, 255)))
    assert placed(ward) == [(10 * (254 - seq), 1) for seq in range(1, 255)]
    assert ward.lines() == []
    wait(ward)
    take(ward, unset(255))
    assert placed(ward)[-1] == (0, 0)


def test_what_waited_in_the_agent_goes_to_its_own_minutes(ward: InProcessServer) -> None:
    take(ward, *(unset(seq, age_ms=(40 - seq) * TEN_S) for seq in range(1, 41)))
    assert placed(ward) == [
        (10 * (40 - seq), int(10 * (40 - seq) > ward.unit.beds["b"].rules.alerts.fresh_s))
        for seq in range(1, 41)
    ]


def test_an_agent_that_is_an_hour_behind_is_judged_and_named(ward: InProcessServer) -> None:
    live(ward, range(1, 31), -HOUR_MS)
    assert placed(ward)[2:] == [(10 * (30 - seq), 0) for seq in range(3, 31)]
    (said,) = apart(ward.unit.beds.values())
    assert "clock of bed b is back by 1 h against the server's" in said
    live(ward, range(31, 33), 0)
    assert list(apart(ward.unit.beds.values())) == []


def test_times_that_agree_with_the_elapsed_clock_are_kept(ward: InProcessServer) -> None:
    live(ward, range(1, 20), -1234)
    assert ward.rows("SELECT DISTINCT (to_ms + 1234) % 10000, late FROM windows") == [(0, 0)]
    assert ward.unit.counters.clock_wrong == 0


@pytest.mark.parametrize("off_ms", [-HOUR_MS, 20_000, HOUR_MS])
def test_a_step_of_the_agents_clock_moves_no_window(ward: InProcessServer, off_ms: int) -> None:
    live(ward, range(1, 10))
    live(ward, range(10, 20), off_ms)
    assert placed(ward) == [(10 * (19 - seq), 0) for seq in range(1, 20)]


@pytest.mark.parametrize("by_ms", [-HOUR_MS, HOUR_MS])
def test_a_step_of_the_servers_clock_makes_no_window_late(
    ward: InProcessServer, by_ms: int
) -> None:
    for seq in range(1, 20):
        wait(ward)
        if seq == 10:
            ward.clock.step(by_ms)
            ward.turn()
        take(ward, unset(seq))
    assert placed(ward)[9:] == [(10 * (19 - seq), 0) for seq in range(10, 20)]


def test_after_a_restart_a_queue_goes_to_its_own_minutes(ward: InProcessServer) -> None:
    for seq in range(1, 4):
        wait(ward)
        take(ward, unset(seq))
    ward.close()
    wait(ward, 40 * TEN_S)
    ward.start()
    take(ward, unset(4))
    take(ward, unset(5), unset(43))
    assert placed(ward)[3:] == [(390, 1), (380, 1), (0, 0)]


def test_what_is_not_stored_moves_no_clock(
    ward: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    live(ward, [1])
    boot = ward.unit.beds["b"].boot("0000000a")
    assert boot is not None
    before = boot.anchor

    def sometimes(*_: Any) -> bool:
        raise StoreError("disk I/O error")

    monkeypatch.setattr(COMMIT, sometimes)
    ward.stopping.set()  # one try only
    take(ward, unset(2, age_ms=HOUR_MS))
    assert boot.anchor == before
    monkeypatch.setattr(COMMIT, commit)
    live(ward, [2])
    assert placed(ward) == [(10, 0), (0, 0)]


def test_an_elapsed_clock_that_stood_still_is_followed_within_a_minute(
    ward: InProcessServer,
) -> None:
    """Some clocks do not count the time in which the machine sleeps."""
    for seq in range(1, 4):
        wait(ward)
        take(ward, unset(seq))
    wait(ward, 40 * TEN_S)
    for seq in range(4, 20):
        wait(ward)
        take(ward, unset(seq))
    late = [late for _, late in placed(ward)]
    assert 0 < sum(late) <= 9
    assert placed(ward)[-1] == (0, 0)


def test_a_queue_that_empties_is_not_of_now(ward: InProcessServer) -> None:
    live(ward, range(1, 4))
    wait(ward, 100 * TEN_S)
    for seq in range(4, 104):  # the network brings them one after the other
        wait(ward, 10)
        take(ward, unset(seq))
    assert [late for _, late in placed(ward)][3:80] == [1] * 77
    assert placed(ward)[-1] == (1, 0)


def test_what_an_earlier_start_has_left_is_placed_by_the_clock_of_that_start(
    ward: InProcessServer,
) -> None:
    for seq in range(1, 4):
        wait(ward)
        take(ward, unset(seq))
    wait(ward, 3 * TEN_S)
    info = encode_info(BedsideInfo(boot="0000000b", clock=UNSET))
    ward.turn([ward.message(topic("b", Channel.INFO), info)])
    take(ward, unset(4, age_ms=None), unset(5, age_ms=None), unset(1, "0000000b", mono_ms=TEN_S))
    assert placed(ward)[3:] == [(20, 0), (10, 0), (0, 0)]


def test_what_an_earlier_start_has_left_has_its_own_time_if_it_was_set(
    ward: InProcessServer,
) -> None:
    """The agent has lost the time at its start: it takes what is a day old for fresh."""
    info = encode_info(BedsideInfo(boot="0000000b", clock=UNSET))
    ward.turn([ward.message(topic("b", Channel.INFO), info)])
    take(ward, measured(7, ward.clock.now_ms - 24 * HOUR_MS, age_ms=0), unset(1, "0000000b"))
    assert placed(ward) == [(86_400, 1), (0, 0)]
