"""A sensor whose thread hangs for minutes is opened anew, and the others never notice."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from legwatch.errors import CannotRun
from legwatch.events import Window
from legwatch_device import reader, starting
from legwatch_device.drivers import MotionSample, Reading
from legwatch_device.failing import AGAIN_S
from legwatch_device.reader import GIVEN_UP_S, MOST_GIVEN_UP, SensorReader
from legwatch_device.samples import PlacedSensor, Span, close_window
from legwatch_device.starting import Starting
from legwatch_device.testing import FakeMotion, FakeThermometer
from legwatch_runtime.part import Parts
from legwatch_runtime.testing import FakeClock
from placed import LEG, MOVEMENT

ONCE_S = GIVEN_UP_S + 1


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting, "FIRST_WAIT_S", 0.01)
    monkeypatch.setattr(reader, "ANSWER_S", 0.05)


class Hangs:
    """A driver that hangs until it is let go, and then gives what is long past."""

    def __init__(self, *, closable: bool = False) -> None:
        self.go_on, self.closed = threading.Event(), 0
        if closable:
            self.close = self._close

    def _close(self) -> None:
        self.closed += 1
        self.go_on.set()
        raise OSError("a driver's own fault")

    def read(self) -> Reading:
        self.go_on.wait(20)
        return Reading(44.0)

    def seen(self) -> MotionSample:
        self.go_on.wait(20)
        return MotionSample(9)


class Bed:
    """One sensor; its threads hang by `awake_s`, which the test moves."""

    def __init__(self, role: Any, start: Callable[[], Any]) -> None:
        self.clock, self.stop, self.awake_s = FakeClock(), threading.Event(), 0.0
        self.parts = Parts(elapsed_s=lambda: self.awake_s)
        self.reader = SensorReader(
            PlacedSensor(role, None),
            Starting(f"{role.name} sensor", start),
            self.clock,
            window_s=10,
            sample_s=0.5,
            parts=self.parts,
        )
        self.reader.begin(self.stop)

    def window(self) -> Window:
        return close_window(self.reader.take(), Span(0, 10_000, 5, synced=True))

    def until(self, holds: Callable[[Window], object]) -> Window:
        for _ in range(1000):
            window = self.window()
            if holds(window):
                return window
            time.sleep(0.01)
        raise AssertionError(window)

    def later(self, seconds: float) -> None:
        self.clock.advance(int(seconds * 1000))
        self.awake_s += seconds

    def threads(self) -> int:
        return sum(not part.ended for part in self.parts.all())


@pytest.fixture
def made() -> Iterator[list[Any]]:
    """Return what the drivers are, so that none hangs on after the test."""
    drivers: list[Any] = []
    yield drivers
    for driver in drivers:
        if isinstance(driver, Hangs):
            driver.go_on.set()


def opens(made: list[Any], *drivers: Any) -> Callable[[], Any]:
    left = iter(drivers)

    def start() -> Any:
        driver = next(left)
        if isinstance(driver, BaseException):
            raise driver
        made.append(driver)
        return driver

    return start


def begun(bed: Bed, made: list[Any]) -> None:
    """Wait until the sensor is there and its first reading hangs."""
    bed.until(lambda _: made and bed.reader._life.reading_since)
    bed.later(reader.HANGS_S + 1)
    assert bed.window().faults == (("leg", "hangs"),)


def test_a_read_that_hangs_for_minutes_is_given_up_and_the_sensor_opened_anew(
    made: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    bed = Bed(LEG, opens(made, Hangs(), FakeThermometer(Reading(31.0))))
    begun(bed, made)
    assert len(made) == 1  # some drivers take half a minute
    bed.later(ONCE_S)
    assert bed.until(lambda window: window.leg_c is not None).leg_c == 31.0
    assert "leg sensor: its thread has hung for 152 s and is given up" in caplog.text
    bed.later(AGAIN_S)
    failing = bed.reader.failing()
    assert failing is not None
    assert (failing.reopened, failing.main) == (1, "hangs")
    made[0].go_on.set()  # and now the lost thread comes back with what it read long ago
    bed.until(lambda _: bed.threads() == 1)
    assert {bed.window().leg_c for _ in range(5)} <= {31.0, None}
    bed.stop.set()


def test_a_driver_that_is_given_up_may_let_go_of_its_pin_first(made: list[Any]) -> None:
    hung = Hangs(closable=True)
    bed = Bed(LEG, opens(made, hung, FakeThermometer(Reading(31.0))))
    begun(bed, made)
    bed.later(ONCE_S)
    assert bed.until(lambda window: window.leg_c is not None).leg_c == 31.0
    assert hung.closed == 1
    bed.stop.set()


def test_no_more_than_a_few_threads_of_a_sensor_are_given_up(made: list[Any]) -> None:
    bed = Bed(LEG, opens(made, *(Hangs() for _ in range(20))))
    begun(bed, made)
    for _ in range(15):
        bed.later(reader.LONGEST_S + 1)
        bed.window()
        time.sleep(0.02)
    assert bed.until(lambda _: len(made) == MOST_GIVEN_UP + 1)
    assert bed.threads() == MOST_GIVEN_UP + 1
    made[0].go_on.set()  # one comes back: there is room for another try
    bed.until(lambda _: len(made) == MOST_GIVEN_UP + 2)
    assert bed.threads() == MOST_GIVEN_UP + 1
    bed.stop.set()


def test_a_sensor_that_hangs_again_is_given_more_time(made: list[Any]) -> None:
    bed = Bed(LEG, opens(made, *(Hangs() for _ in range(5))))
    begun(bed, made)
    bed.later(ONCE_S)
    bed.until(lambda _: len(made) == 2 and bed.reader._life.reading_since)
    bed.later(ONCE_S)
    for _ in range(3):
        bed.window()
        time.sleep(0.01)
    assert len(made) == 2
    bed.later(ONCE_S)
    bed.until(lambda _: len(made) == 3)
    bed.stop.set()


def test_a_movement_sensor_that_hangs_is_opened_anew(made: list[Any]) -> None:
    bed = Bed(MOVEMENT, opens(made, Hangs(), FakeMotion(MotionSample(2))))
    bed.until(lambda window: window.faults == (("movement", "hangs"),))
    bed.later(ONCE_S)
    assert bed.until(lambda window: window.moves is not None).moves == 2
    bed.stop.set()


def test_a_pin_that_the_lost_thread_still_has_is_told_and_tried_again(
    made: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    busy = CannotRun("sensors.leg: GPIO 4 is busy")
    bed = Bed(LEG, opens(made, Hangs(), busy, busy, FakeThermometer(Reading(31.0))))
    begun(bed, made)
    bed.later(ONCE_S)
    assert bed.until(lambda window: window.leg_c is not None).leg_c == 31.0
    assert caplog.text.count("GPIO 4 is busy") == 1
    bed.stop.set()


def test_a_start_that_hangs_is_given_up_too(made: list[Any]) -> None:
    go_on, tries = threading.Event(), list[int]()

    def start() -> Any:
        tries.append(1)
        if len(tries) == 1:
            go_on.wait(20)
        return FakeThermometer(Reading(31.0))

    bed = Bed(LEG, start)
    bed.until(lambda _: tries)
    assert bed.window().faults == (("leg", "cannot_start"),)
    bed.later(ONCE_S)
    assert bed.until(lambda window: window.leg_c is not None).leg_c == 31.0
    go_on.set()
    bed.stop.set()
