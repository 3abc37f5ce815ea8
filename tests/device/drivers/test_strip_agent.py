"""A night on a strip through the agent: its windows have movement, seconds and who is in bed."""

import threading
from typing import Any

import pytest

from device.drivers.strip_night import DT_S, Stay, StripNight
from legwatch.contract.press import Press
from legwatch.contract.window import decode_window, encode_window
from legwatch.events import Window
from legwatch.signals import movement
from legwatch.signals.movement import Movement
from legwatch_device.drivers import ReadFault
from legwatch_device.drivers.ads1115 import Ads1115Movement, Ads1115Presence
from legwatch_device.drivers.strip import Converter
from legwatch_device.sampler import Sampler
from legwatch_device.samples import PlacedSensor
from legwatch_runtime.testing import FakeClock
from placed import MOVEMENT, PRESENCE
from repository import rules


class Bed:
    """A strip at channel 0 for both tables; the clock goes by one sample of the night at a time."""

    def __init__(self, night: StripNight) -> None:
        self.clock, self.left, self.level = FakeClock(), night.samples(), 0.0
        self.broken: BaseException | None = None
        self.broken_for = range(330, 340)  # windows
        self.converter = Converter(self._sample, frozen_s=3600, now=self.clock.instant)
        fakes: dict[str, Any] = {"converter": self.converter, "now": self.clock.instant}
        moves = Ads1115Movement(Ads1115Movement.Options(), **fakes)
        lies = Ads1115Presence(Ads1115Presence.Options(), **fakes)
        sensors = [PlacedSensor(MOVEMENT, moves), PlacedSensor(PRESENCE, lies)]
        self.sampler = Sampler(sensors, self.clock, window_s=10, sample_s=5)
        self.windows: list[Window] = []

    def _sample(self, channel: int) -> object:
        if self.broken is not None:
            raise self.broken
        return self.level

    def passes(self, seconds: float) -> bool:
        """Let time go by; return True at the end of the night."""
        for _ in range(round(seconds / DT_S)):
            try:
                at_s, self.level = next(self.left)
            except StopIteration:
                return True
            self.clock.up_ms = 1000 + round(at_s * 1000)
            self.converter.turn()
        return False

    def run(self) -> None:
        bed = self

        class Stop(threading.Event):
            def wait(self, timeout: float | None = None) -> bool:
                return bed.passes(timeout or 0.0)

        stop = Stop()
        self.sampler.begin(threading.Event())
        self.sampler.run(self._put, stop)

    def _put(self, item: Window | Press) -> None:
        assert isinstance(item, Window)
        sent = encode_window(item._replace(boot="0000000a", seq=len(self.windows) + 1))
        self.windows.append(decode_window(sent))
        fails = len(self.windows) in self.broken_for
        self.broken = ReadFault("no_answer") if fails else None


@pytest.mark.slow
def test_a_night_is_in_the_windows_of_the_agent() -> None:
    night = StripNight(7, hours=1.5, turns_an_hour=8, stays=(Stay(600, 4800),))
    bed = Bed(night)
    bed.run()
    windows = dict(zip(range(10, 6000, 10), bed.windows, strict=False))
    assert len(bed.windows) > 530

    unknown = [end_s for end_s, one in windows.items() if one.faults]
    learning = [end_s for end_s in unknown if not 3300 < end_s <= 3410]
    assert learning == [10, 20]
    assert dict(windows[3350].faults) == {"movement": "no_answer", "in_bed": "no_answer"}

    known = [one for one in windows.values() if not one.faults]
    assert all(one.moves is not None and one.moved_s is not None for one in known)
    assert {one.active_s for one in known} == {None}  # a strip has no line
    for turn in night.turns:
        if not 3280 < turn.at_s < 3420:
            near = [one for end_s, one in windows.items() if turn.at_s < end_s < turn.at_s + 20]
            assert any(one.moves and (one.moved_s or 0) >= 1.0 for one in near), turn
    assert {windows[end_s].in_bed for end_s in range(720, 3300, 10)} == {True}
    assert {windows[end_s].in_bed for end_s in range(3420, 4800, 10)} == {True}
    assert {windows[end_s].in_bed for end_s in range(4920, 5400, 10)} == {False}


@pytest.mark.slow
def test_the_core_tells_a_turn_on_a_strip_from_a_twitch() -> None:
    """One edge a bout would pass for a PIR: each twitch was a turn, and nobody lay still."""
    twitches = (2404.0, 2703.1, 3002.2, 3301.3)
    stays = (Stay(600, 3700),)
    bed = Bed(StripNight(8, hours=1.0, turns_an_hour=0.01, stays=stays, twitches_s=twitches))
    bed.broken_for = range(0)
    bed.run()
    now, turned = Movement(), set[int]()
    for minute in range(len(bed.windows) // 6):
        windows = bed.windows[6 * minute : 6 * minute + 6]
        samples = [movement.sample(one) for one in windows if one.moves is not None]
        now = movement.update(now, samples, rules(), windows[-1].to_ms)
        if now.turned_ms is not None:
            turned.add((now.turned_ms - bed.windows[0].to_ms) // 1000)
    twitched = [one for one in bed.windows[200:340] if one.moves]
    assert len(twitched) == len(twitches)
    assert {(one.moves, one.moved_s) for one in twitched} <= {(1, 0.53), (1, 0.8)}
    assert now.counts
    assert max(turned) < 900
