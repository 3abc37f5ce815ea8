"""An agent whose wall clock is wrong or steps: nothing is lost, and no age is invented."""

import json
import threading
from pathlib import Path

import pytest

from legwatch.contract.fields import LATEST_MS
from legwatch.contract.topics import Channel
from legwatch.contract.window import decode_window, encode_window
from legwatch.events import ClockTrust, Window
from legwatch_device.agent import INFO_EVERY_S
from legwatch_device.broker_link import LinkUp
from legwatch_device.sampler import Sampler
from legwatch_device.spool import Spool
from legwatch_device.testing import InProcessAgent
from legwatch_runtime.testing import NIGHT_MS, FakeClock

HOUR_MS = 3_600_000
TEN_S = 10_000


def sampled(clock: FakeClock, steps: dict[int, int], count: int) -> list[Window]:
    """Return the windows of a feed without sensors; before window n the clock is set to a time."""
    got: list[Window] = []

    class Stop(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            clock.advance(round((timeout or 0.0) * 1000))
            clock.now_ms = steps.get(len(got) + 1, clock.now_ms)
            return len(got) == count

    feed = Sampler([], clock, window_s=10, sample_s=5)

    def put(item: object) -> None:
        assert isinstance(item, Window)
        got.append(item)

    feed.run(put, Stop())
    return got


@pytest.mark.parametrize("wrong_ms", [0, -5, 45_000, NIGHT_MS - 24 * HOUR_MS, 2 * LATEST_MS])
def test_every_window_can_be_sent_however_wrong_the_clock_is(wrong_ms: int) -> None:
    for one in sampled(FakeClock(), {2: wrong_ms, 4: NIGHT_MS}, 5):
        sent = decode_window(encode_window(one._replace(boot="0000000a", seq=1)))
        assert sent.to_ms - sent.from_ms == TEN_S


def test_windows_are_made_every_ten_seconds_of_elapsed_time_across_steps() -> None:
    made = sampled(FakeClock(), {3: NIGHT_MS + 24 * HOUR_MS, 5: 45_000, 7: NIGHT_MS}, 8)
    began = made[0].mono_ms
    assert [one.mono_ms - began for one in made] == [TEN_S * n for n in range(8)]


@pytest.mark.parametrize("by_ms", [-HOUR_MS, HOUR_MS, 45_000 - NIGHT_MS])
def test_how_long_a_window_waits_is_measured_by_elapsed_time(spool: Spool, by_ms: int) -> None:
    bed = InProcessAgent(spool)
    bed.measure(1)
    bed.clock.step(by_ms)
    bed.clock.advance(60_000)
    bed.turn(LinkUp(1))
    assert [w.age_ms for w in bed.link.windows()] == [60_000]


@pytest.mark.parametrize("set_to_ms", [45_000, NIGHT_MS - HOUR_MS])
def test_of_an_earlier_start_a_clock_that_is_behind_tells_no_age(
    tmp_path: Path, set_to_ms: int
) -> None:
    """A waiting time of 0 would make a window of yesterday one of now."""
    before = InProcessAgent(Spool(tmp_path / "s.db"), boot="0000000b")
    before.measure(1)
    before.spool.close()
    bed = InProcessAgent(Spool(tmp_path / "s.db"))
    bed.clock.now_ms = set_to_ms
    bed.turn(LinkUp(1))
    assert [w.age_ms for w in bed.link.windows()] == [None]
    bed.spool.close()


def test_of_an_earlier_start_a_clock_that_is_not_set_tells_no_age(tmp_path: Path) -> None:
    before = InProcessAgent(Spool(tmp_path / "s.db"), boot="0000000b")
    before.measure(1)
    before.spool.close()
    bed = InProcessAgent(Spool(tmp_path / "s.db"))
    bed.clock.advance(HOUR_MS)
    bed.clock.is_synced = False
    bed.turn(LinkUp(1))
    assert [w.age_ms for w in bed.link.windows()] == [None]
    bed.spool.close()


def test_the_server_hears_within_a_minute_that_the_clock_is_trusted_no_longer(
    spool: Spool,
) -> None:
    bed = InProcessAgent(spool)
    bed.turn(LinkUp(1))
    bed.clock.is_synced = False
    bed.clock.advance(int(INFO_EVERY_S * 1000))
    bed.measure(1, ClockTrust.UNSYNCED)
    told = [json.loads(payload)["clock"] for payload in bed.link.payloads(Channel.INFO)]
    assert told == ["synced", "unsynced"]
