"""What windows hold of a vibration switch that is knocked, and of other lines; no window too much.

The trains are made, after the descriptions that `pulses` names.
"""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory, MockPin

from legwatch.signals.movement import TURN_S
from legwatch_device.drivers import MotionSample
from legwatch_device.drivers.gpio_line import SETTLE_S
from legwatch_device.drivers.gpio_motion import GpioMotion
from legwatch_runtime.clock import Instant
from pulses import GLITCH, HOLD, KNOCK, SPACINGS_S, WINDOW_S, Train, evenly, every, knock, turn


class DrivenPin(MockPin):  # type: ignore[misc]  # gpiozero has no types
    """Stays as its module drives it, whatever the weak pull of the Pi."""

    def _set_pull(self, value: str) -> None:
        self._pull = value


class Line:
    """A movement line with its driver, on a clock that only the trains move."""

    def __init__(self, *, rests_active: bool = False) -> None:
        self._now_s, self._window_ends_s = 1000.0, 1000.0 + WINDOW_S
        self.pin = Device.pin_factory.pin(17, pin_class=DrivenPin)
        self._drive(active=rests_active)
        self.motion = GpioMotion(GpioMotion.Options(17), now=lambda: at(self._now_s))

    def plays(self, train: Train, after_s: float = 0.0) -> list[MotionSample]:
        """Return the windows of a train, up to one that begins after it."""
        self.rests(after_s)
        windows: list[MotionSample] = []
        for wait_s in train:
            windows += self.rests(wait_s)
            self._drive(active=not self.pin.state)
        return windows + self.rests(2 * WINDOW_S)

    def rests(self, for_s: float) -> list[MotionSample]:
        """Return the windows that end while no edge comes."""
        until_s, windows = self._now_s + for_s, []
        while self._window_ends_s <= until_s:
            self._now_s = self._window_ends_s
            windows.append(self.motion.seen())
            self._window_ends_s += WINDOW_S
        self._now_s = until_s
        return windows

    def _drive(self, *, active: bool) -> None:
        (self.pin.drive_high if active else self.pin.drive_low)()


def at(seconds: float) -> Instant:
    return Instant(round(seconds * 1_000_000_000))


def moved_s(windows: list[MotionSample]) -> float:
    return sum(window.moved_s or 0.0 for window in windows)


def settled_s(train: Train) -> float:
    """Return how long edges of a train, and what follows each, last."""
    return sum(min(wait_s, SETTLE_S) for wait_s in train[1:]) + SETTLE_S


@pytest.fixture
def line(pins: MockFactory) -> Line:
    return Line()


KNOCKS = [KNOCK, *(knock(seed) for seed in range(20))]


@pytest.mark.parametrize("train", KNOCKS)
def test_a_knock_is_one_movement_in_the_seconds_that_it_lasts(line: Line, train: Train) -> None:
    windows = line.plays(train, after_s=2.0)
    assert [window.moves for window in windows][:2] == [6, 0]
    assert windows[0].moved_s == pytest.approx(settled_s(train), abs=0.02)
    assert moved_s(windows) < TURN_S


@pytest.mark.parametrize("train", KNOCKS)
def test_a_knock_at_the_end_of_a_window_is_not_more(line: Line, train: Train) -> None:
    windows = line.plays(train, after_s=WINDOW_S - 0.05)
    assert sum(window.moves for window in windows) == 6
    assert moved_s(windows) == pytest.approx(settled_s(train), abs=0.03)


@pytest.mark.parametrize("apart_s", SPACINGS_S)
@pytest.mark.parametrize("edges", [12, 30, 60])
def test_edges_of_a_turn_are_one_movement_as_long_as_they_come(
    line: Line, edges: int, apart_s: float
) -> None:
    windows = line.plays(evenly(edges, apart_s))
    assert sum(window.moves for window in windows) == edges // 2
    assert moved_s(windows) == pytest.approx((edges - 1) * apart_s + SETTLE_S, abs=0.03)


@pytest.mark.parametrize("edges", [12, 30, 60])
@pytest.mark.parametrize("rests_active", [False, True])
def test_a_turn_of_many_knocks_has_the_seconds_of_its_knocks(
    pins: MockFactory, edges: int, *, rests_active: bool
) -> None:
    line = Line(rests_active=rests_active)
    train = turn(edges, edges)
    windows = line.plays(train, after_s=2.0)
    assert sum(window.moves for window in windows) == edges // 2
    assert moved_s(windows) == pytest.approx(settled_s(train), abs=0.05)
    assert moved_s(windows) <= sum(train)


def test_a_switch_that_rests_active_has_not_moved(pins: MockFactory) -> None:
    assert Line(rests_active=True).rests(20.0) == [MotionSample(0, 0.0, WINDOW_S)] * 2


@pytest.mark.parametrize("train", KNOCKS)
def test_a_knock_is_as_short_for_a_switch_that_rests_active(
    pins: MockFactory, train: Train
) -> None:
    """Such as a module that pulses to inactive: each twitch was a window full of movement."""
    windows = Line(rests_active=True).plays(train, after_s=2.0)
    assert [window.moves for window in windows][:2] == [6, 0]
    assert moved_s(windows) == pytest.approx(settled_s(train), abs=0.02)
    assert windows[1].active_s == WINDOW_S


@pytest.mark.parametrize("rests_active", [False, True])
def test_a_switch_that_a_knock_leaves_in_the_other_state_is_still_again(
    pins: MockFactory, *, rests_active: bool
) -> None:
    line = Line(rests_active=rests_active)
    for _ in range(4):  # each leaves the line in the other state
        windows = line.plays(KNOCK[:-1], after_s=33.0)
        assert moved_s(windows) == pytest.approx(settled_s(KNOCK[:-1]), abs=0.03)


def test_long_pulses_to_inactive_are_movement_of_a_module_that_rests_active(
    pins: MockFactory,
) -> None:
    """A capacitor on the module makes one long pulse of each knock."""
    line = Line(rests_active=True)
    for _ in range(3):
        windows = line.plays((0, 0.5), after_s=302.0)
        assert [window.moves for window in windows][:2] == [1, 0]
        assert moved_s(windows) == pytest.approx(2 * SETTLE_S)


def test_a_line_that_is_held_for_two_minutes_moved_for_two_minutes(line: Line) -> None:
    windows = line.plays(HOLD)
    assert [window.moves for window in windows] == [1, *[0] * (len(windows) - 1)]
    assert [window.moved_s for window in windows[1:12]] == [WINDOW_S] * 11
    assert moved_s(windows) == pytest.approx(120 + SETTLE_S)
    assert sum(window.active_s or 0 for window in windows) == pytest.approx(120)


def test_each_hold_of_a_pir_counts_also_after_one_that_began_before_the_agent(
    pins: MockFactory,
) -> None:
    line = Line(rests_active=True)
    line.plays((40,))
    assert moved_s(line.plays(HOLD)) == pytest.approx(120 + SETTLE_S)
    assert moved_s(line.plays(HOLD)) == pytest.approx(120 + SETTLE_S)


def test_a_line_that_holds_for_longer_than_any_pir_rests_so(line: Line) -> None:
    windows = line.plays((1.0,)) + line.rests(900.0)
    assert 590 <= moved_s(windows) <= 610
    assert windows[-1] == MotionSample(0, 0.0, WINDOW_S)
    assert moved_s(line.plays((2.0, 0.5))) == pytest.approx(2 * SETTLE_S)


def test_a_line_that_runs_free_moves_for_a_moment_each_time(line: Line) -> None:
    windows = line.plays(every(6.0, times=50))
    assert sum(window.moves for window in windows) == 50
    assert {window.moves for window in windows[:30]} == {1, 2}
    assert max(window.moved_s or 0 for window in windows) <= 2 * (SETTLE_S + 0.01)


def test_noise_is_an_edge_and_no_turn(line: Line) -> None:
    windows = line.plays(GLITCH)
    assert windows[0].moves == 1
    assert moved_s(windows) == pytest.approx(SETTLE_S, abs=0.01)


def test_edges_and_windows_never_wait_for_each_other(pins: MockFactory) -> None:
    motion, pin = GpioMotion(GpioMotion.Options(17)), pins.pin(17)
    ended = threading.Event()

    def play() -> None:
        for _ in range(5000):
            pin.drive_high()
            pin.drive_low()
        ended.set()

    player = threading.Thread(target=play, daemon=True)
    player.start()
    moves = 0
    while not ended.is_set():
        moves += motion.seen().moves
    player.join(timeout=10)
    assert not player.is_alive()
    assert moves + motion.seen().moves == 5000


def test_an_edge_while_the_line_is_looked_at_is_not_undone(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look came before the edge and was believed after it: the line was active for a window."""
    line.pin.drive_high()
    falling = threading.Thread(target=line.pin.drive_low)
    monkeypatch.setattr(line.pin, "_get_state", looked(line.pin._get_state, falling))
    line.motion.seen()
    falling.join()
    monkeypatch.undo()
    assert line.rests(WINDOW_S)[-1].active_s == 0.0


def looked(state: Callable[[], Any], falling: threading.Thread) -> Callable[[], Any]:
    """Return a look during which the line falls."""

    def look() -> Any:
        seen = state()
        if not falling.ident:
            falling.start()
            falling.join(timeout=0.2)
        return seen

    return look
