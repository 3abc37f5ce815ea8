"""A driver that cannot start, fails or hangs is told, and takes nothing else with it."""

import logging
import math
import queue
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from legwatch.contract.bedside_command import Cmd, Command, CommandResult
from legwatch.contract.window import decode_window, encode_window
from legwatch.errors import CannotRun, SettingsError
from legwatch.events import Window
from legwatch_device import reader, starting
from legwatch_device.beacon import Beacon
from legwatch_device.drivers import MotionSample, Reading
from legwatch_device.reader import SensorReader
from legwatch_device.samples import PlacedSensor, Span, close_window
from legwatch_device.starting import Starting, wait_for_first_tries
from legwatch_device.testing import FakeMotion, FakePresence, FakeSignal, FakeThermometer
from legwatch_runtime.clock import SystemClock
from legwatch_runtime.part import Parts
from legwatch_runtime.testing import FakeClock
from placed import LEG, MOVEMENT, PRESENCE, ROOM

BUSY = CannotRun("sensors.leg: driver 'dht22' cannot start: GPIO 4 is busy")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting, "FIRST_WAIT_S", 0.01)
    monkeypatch.setattr(reader, "ANSWER_S", 0.05)


class Bed:
    """Sensors that are read in their threads, and windows that are closed by the test."""

    def __init__(self, *sensors: tuple[Any, Callable[[], Any]]) -> None:
        self.clock, self.stop, parts = FakeClock(), threading.Event(), Parts()
        self.readers = [
            SensorReader(
                PlacedSensor(role, None),
                Starting(f"{role.name} sensor", start),
                self.clock,
                window_s=10,
                sample_s=0.5,
                parts=parts,
            )
            for role, start in sensors
        ]
        for one in self.readers:
            one.begin(self.stop)

    def window(self) -> Window:
        samples = [sample for one in self.readers for sample in one.take()]
        made = close_window(samples, Span(from_ms=0, to_ms=10_000, mono_ms=5, synced=True))
        return decode_window(encode_window(made._replace(boot="0000000a", seq=1)))

    def until(self, holds: Callable[[Window], bool]) -> Window:
        for _ in range(500):
            window = self.window()
            if holds(window):
                return window
            time.sleep(0.01)
        raise AssertionError(window)


def starts(*answers: Any) -> Callable[[], Any]:
    """Return the start of a driver: each answer in turn is raised or returned; the last stays."""
    left = list(answers)

    def start() -> Any:
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, BaseException):
            raise answer
        return answer

    return start


def good(celsius: float = 31.0) -> FakeThermometer:
    return FakeThermometer(Reading(celsius))


class Hangs:
    """A driver of every kind that never answers."""

    def __init__(self) -> None:
        self.go_on = threading.Event()

    def read(self) -> Reading:
        self.go_on.wait(20)
        return Reading(30.0)

    def seen(self) -> MotionSample:
        self.go_on.wait(20)
        return MotionSample(1)

    def light(self) -> bool:
        self.go_on.wait(20)
        return True

    sound = blink = calm = light


def test_a_busy_pin_is_told_as_a_fault_and_tried_again_while_the_others_go_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    bed = Bed((LEG, starts(BUSY, BUSY, SystemExit(1), good())), (ROOM, starts(good(18.0))))
    first = bed.until(lambda window: window.room_c == 18.0)
    assert first.faults in {(("leg", "cannot_start"),), ()}
    assert bed.until(lambda window: window.leg_c == 31.0).faults == ()
    assert caplog.text.count("GPIO 4 is busy") == 1  # once for each reason
    assert "leg sensor: SystemExit: 1" in caplog.text
    assert "leg sensor: works now" in caplog.text
    bed.stop.set()


def test_a_driver_that_hangs_in_its_start_is_a_fault_and_nothing_waits_for_it() -> None:
    go_on = threading.Event()

    def start() -> Any:
        go_on.wait(20)
        return good()

    bed = Bed((LEG, start), (ROOM, starts(good(18.0))))
    told = bed.until(lambda window: window.room_c is not None)
    assert told.faults == (("leg", "cannot_start"),)
    go_on.set()
    assert bed.until(lambda window: window.leg_c == 31.0).faults == ()
    bed.stop.set()


def test_a_sensor_that_hangs_in_its_first_read_is_a_fault() -> None:
    hangs = Hangs()
    bed = Bed((LEG, starts(hangs)), (ROOM, starts(good(18.0))))
    bed.until(lambda window: window.room_c is not None)
    bed.clock.advance(31_000)
    assert bed.window().faults == (("leg", "hangs"),)
    hangs.go_on.set()
    assert bed.until(lambda window: window.leg_c == 30.0)
    bed.stop.set()


def test_a_movement_sensor_that_hangs_delays_one_window_a_little_and_no_other() -> None:
    hangs = Hangs()
    bed = Bed((MOVEMENT, starts(hangs)), (PRESENCE, starts(FakePresence(answer=True))))
    bed.until(lambda window: window.in_bed is True)
    told = bed.until(lambda window: window.faults == (("movement", "hangs"),))
    begun_s = time.monotonic()
    for _ in range(5):
        told = bed.window()
    assert (told.in_bed, told.faults) == (True, (("movement", "hangs"),))
    assert time.monotonic() - begun_s < 0.5
    hangs.go_on.set()
    bed.until(lambda window: window.moves == 1)
    bed.stop.set()


class Says:
    """A thermometer that returns or raises what no thermometer should."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def read(self) -> Any:
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (SystemExit(1), "driver_error"),
        (MemoryError(), "driver_error"),
        (KeyboardInterrupt(), "driver_error"),
        (RecursionError(), "driver_error"),
        (OSError("Remote I/O error"), "Remote I/O error"),
        (OSError(), "OSError"),
        (Reading(math.nan), "out_of_range"),
        (Reading(math.inf), "out_of_range"),
        (Reading("31.0"), "driver_error"),  # type: ignore[arg-type]
        (Reading(None), "driver_error"),  # type: ignore[arg-type]
        (Reading(31.0, "wet"), "driver_error"),  # type: ignore[arg-type]
        (None, "driver_error"),
        ("31.0", "driver_error"),
    ],
    ids=repr,
)
def test_an_answer_that_is_no_reading_is_a_fault_of_that_sensor(answer: Any, fault: str) -> None:
    bed = Bed((LEG, starts(Says(answer))), (ROOM, starts(good(18.0))))
    told = bed.until(lambda window: window.faults == (("leg", fault),))
    assert told.leg_c is None
    bed.until(lambda window: window.room_c == 18.0)  # the other sensor goes on
    bed.stop.set()


@pytest.mark.parametrize(
    ("moves", "fault"),
    [
        (math.nan, "driver_error"),
        (-1, "out_of_range"),
        ("2", "driver_error"),
        (None, "driver_error"),
    ],
)
def test_movements_that_are_no_number_are_no_movement(moves: Any, fault: str) -> None:
    bed = Bed((MOVEMENT, starts(FakeMotion(MotionSample(moves)))))
    told = bed.until(lambda window: window.faults != (("movement", "cannot_start"),))
    assert told.moves is None
    assert told.faults == (("movement", fault),)
    bed.stop.set()


@pytest.mark.parametrize("answer", ["yes", 0.5, 1])
def test_a_mat_that_says_neither_yes_nor_no_is_a_fault(answer: Any) -> None:
    bed = Bed((PRESENCE, starts(FakePresence(answer))))
    told = bed.until(lambda window: window.faults == (("in_bed", "driver_error"),))
    assert told.in_bed is None
    bed.stop.set()


def test_wrong_settings_end_the_start_and_a_hanging_driver_does_not() -> None:
    wrong = Starting("leg sensor", starts(SettingsError("sensors.leg.pin", "no such pin")))
    hangs = Starting("room sensor", lambda: threading.Event().wait(20))
    stop = threading.Event()
    threading.Thread(target=hangs.attempt, daemon=True).start()
    threading.Thread(target=wrong.wait, args=(stop,), daemon=True).start()
    with pytest.raises(SettingsError, match=r"sensors\.leg\.pin: no such pin"):
        wait_for_first_tries([hangs, wrong], within_s=0.2)
    stop.set()


def test_a_driver_that_was_said_to_hang_and_starts_after_all_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    go_on = threading.Event()
    late = Starting("room sensor", lambda: go_on.wait(20))
    trying = threading.Thread(target=late.attempt)
    trying.start()
    wait_for_first_tries([late], within_s=0.05)
    go_on.set()
    trying.join()
    hangs, works = (record.getMessage() for record in caplog.records)
    assert hangs.startswith("room sensor: its driver hangs in its start")
    assert works == "room sensor: works now"


def test_a_lamp_that_starts_late_says_why_not_and_then_shines() -> None:
    signal, answers = FakeSignal(), queue.Queue[CommandResult]()
    start = starts(CannotRun("signal: GPIO 5 is busy"), signal)
    beacon = Beacon(start, SystemClock(), answers.put, Parts())
    assert beacon.starting is not None
    assert beacon.starting.attempt() is None
    beacon.begin()
    tries = 0
    while not answers.empty() or tries == 0 or not signal.did:
        tries += 1
        beacon.obey(Command(str(tries), Cmd.NUDGE))
        answer = answers.get(timeout=10)
        assert answer.ok or answer.why == "signal: GPIO 5 is busy"
        assert tries < 500
    beacon.stop()
    assert signal.did[-1] == "calm"


def test_a_lamp_that_hangs_does_not_hold_the_agent() -> None:
    hangs, answers = Hangs(), queue.Queue[CommandResult]()
    beacon = Beacon(starts(hangs), SystemClock(), answers.put, Parts())
    beacon.begin()
    begun_s = time.monotonic()
    for number in range(300):
        beacon.obey(Command(str(number), Cmd.NUDGE))
        beacon.calm()
        beacon.watch()
    assert time.monotonic() - begun_s < 1
    hangs.go_on.set()
    beacon.stop()


class Slow:
    """A driver that answers later than anybody waits, until it is `quick`."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock, self.asked, self.go = clock, threading.Event(), threading.Event()
        self.quick, self.error = False, False

    def seen(self) -> MotionSample:
        self._hang()
        return MotionSample(1)

    def read(self) -> Reading:
        self._hang()
        return Reading(31.0)

    def _hang(self) -> None:
        self.asked.set()
        if not self.quick:
            self.go.wait(10.0)
        self.go.clear()
        if self.error:
            raise OSError("no bus")


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    said = [one.getMessage() for one in caplog.records if one.name == reader.__name__]
    return [one for one in said if "driver" not in one]  # not those of other tests


@pytest.mark.parametrize("role", [MOVEMENT, LEG])
def test_a_sensor_that_hangs_again_and_again_is_told_once(
    role: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    bed = Bed((role, lambda: slow))
    slow = Slow(bed.clock)

    def tries(times: int) -> None:
        for _ in range(times):
            assert role is MOVEMENT or slow.asked.wait(10.0)
            bed.clock.advance(31_000)
            bed.until(lambda window: window.faults == ((role.fault, "hangs"),))
            slow.asked.clear()
            slow.go.set()
            time.sleep(0.1)  # it answers late

    tries(3)
    slow.error = True
    tries(3)
    slow.error = False
    name = f"{role.name} sensor"
    assert logged(caplog) == [f"{name}: hangs", f"{name}: no bus"]
    slow.quick = True
    slow.go.set()
    bed.until(lambda window: not window.faults and len(logged(caplog)) == 3)
    assert logged(caplog)[2] == f"{name}: works again"
    bed.stop.set()
