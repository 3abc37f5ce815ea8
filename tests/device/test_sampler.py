"""Live sensors become windows; what was not seen is unknown."""

import math
import queue
import threading

import pytest

from legwatch.contract.fields import MAX_MOVES
from legwatch.contract.press import Press
from legwatch.contract.roles import Role
from legwatch.contract.window import decode_window, encode_window
from legwatch.events import Window
from legwatch_device.drivers import MotionSample, ReadFault, Reading
from legwatch_device.sampler import Sampler
from legwatch_device.samples import PlacedSensor, Sample, Span, ask, close_window
from legwatch_device.testing import FakeMotion, FakePresence, FakeThermometer
from legwatch_runtime.clock import EARLIEST_MS, SystemClock
from legwatch_runtime.testing import FakeClock
from placed import ANKLE, LEG, MOVEMENT, PRESENCE, ROOM


def window(*samples: Sample) -> Window:
    made = close_window(samples, Span(from_ms=0, to_ms=10_000, mono_ms=5, synced=True))
    return decode_window(encode_window(made._replace(boot="0000000a", seq=1)))


def moved(sample: MotionSample) -> Sample:
    return ask(PlacedSensor(MOVEMENT, FakeMotion(sample)), 10.0)


def read(role: Role, *values: float) -> Sample:
    return ask(PlacedSensor(role, FakeThermometer(Reading(*values))), 10.0)


def test_a_window_has_the_middle_of_its_readings() -> None:
    legs = [read(LEG, c, 40 + c) for c in (30.0, 31.0, 35.0)]
    made = window(*legs, read(ROOM, 18.0), moved(MotionSample(2)))
    assert (made.leg_c, made.leg_rh, made.room_c, made.room_rh, made.moves) == (
        31.0,
        71.0,
        18.0,
        None,
        2,
    )
    assert made.faults == ()


def test_a_second_thermometer_by_the_ankle_travels_beside_the_rest() -> None:
    made = window(read(LEG, 31.0), read(ANKLE, 29.0, 40.0), read(ANKLE, 30.0, 42.0))
    assert made.leg_c == 31.0
    assert dict(made.others) == {"ankle_c": 29.5, "ankle_rh": 41.0}
    assert decode_window(encode_window(made._replace(boot="0000000a", seq=1))).others == made.others
    broken = window(read(LEG, 31.0), Sample(ANKLE, None, "checksum"))
    assert (broken.leg_c, broken.others, broken.faults) == (31.0, (), (("ankle", "checksum"),))


def test_what_was_not_seen_is_unknown_and_its_fault_is_told() -> None:
    made = window(Sample(LEG, None, "checksum"), Sample(MOVEMENT, None, "gone"))
    assert (made.leg_c, made.room_c, made.moves) == (None, None, None)
    assert made.faults == (("leg", "checksum"), ("movement", "gone"))


def test_what_moved_is_told_in_seconds_too_and_no_longer_than_the_window() -> None:
    made = window(moved(MotionSample(1, 10.02, 9.5)))
    assert (made.moves, made.moved_s, made.active_s) == (1, 10.0, 9.5)
    told = window(moved(MotionSample(3)))  # a driver that only counts
    assert (told.moves, told.moved_s, told.active_s) == (3, None, None)


def test_a_floating_pin_does_not_make_the_window_unreadable() -> None:
    made = window(read(LEG, 31.0), moved(MotionSample(MAX_MOVES + 1, 9.0, 4.0)))
    assert (made.leg_c, made.moves) == (31.0, MAX_MOVES)


@pytest.mark.parametrize("celsius", [126.0, -60.0, math.nan])
def test_a_reading_that_no_message_may_carry_is_a_fault(celsius: float) -> None:
    made = window(read(LEG, celsius, 50.0), read(ROOM, 18.0, 101.0))
    assert (made.leg_c, made.leg_rh, made.room_c, made.room_rh) == (None, None, 18.0, None)
    assert made.faults == (("leg", "out_of_range"),)


def test_a_fault_beside_a_good_reading_is_no_fault() -> None:
    made = window(Sample(LEG, None, "checksum"), read(LEG, 31.0))
    assert (made.leg_c, made.faults) == (31.0, ())


@pytest.mark.parametrize("present", [True, False, None])
def test_a_mat_says_whether_somebody_is_in_bed(present: bool | None) -> None:
    assert window(ask(PlacedSensor(PRESENCE, FakePresence(present)), 10.0)).in_bed is present


def test_a_mat_that_fails_is_called_as_the_first_version_of_the_contract_does() -> None:
    assert window(Sample(PRESENCE, None, "gone")).faults == (("in_bed", "gone"),)


class Hung:
    def read(self) -> Reading:
        threading.Event().wait()
        raise AssertionError


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_hung_sensor_stalls_nothing_and_a_failing_one_is_read_again() -> None:
    got: queue.Queue[Window | Press] = queue.Queue()
    stop = threading.Event()
    flaky = FakeThermometer(ReadFault("checksum"), ValueError("the driver's own"), Reading(30.0))
    sensors = [
        PlacedSensor(LEG, flaky, offset_c=0.5),
        PlacedSensor(ROOM, Hung()),
        PlacedSensor(MOVEMENT, FakeMotion(ReadFault("unplugged"))),
        PlacedSensor(PRESENCE, FakePresence(ValueError("the driver's own"))),
    ]
    feed = Sampler(sensors, SystemClock(), window_s=1, sample_s=0.1)
    thread = threading.Thread(target=feed.run, args=(got.put, stop))
    thread.start()
    seen: list[Window] = []
    while not any(w.leg_c == 30.5 for w in seen) and len(seen) < 10:
        item = got.get(timeout=10)
        assert isinstance(item, Window)
        seen.append(item)
    stop.set()
    thread.join(5)
    assert not thread.is_alive()
    assert seen[-1].leg_c == 30.5
    assert all(w.room_c is None and w.moves is None for w in seen)
    assert dict(seen[0].faults)["movement"] == "unplugged"
    assert dict(seen[0].faults)["in_bed"] == "driver_error"


def test_a_clock_that_was_never_set_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SystemClock(trusted=True)
    assert clock.synced()
    monkeypatch.setattr(clock, "utc_ms", lambda: EARLIEST_MS - 1)
    assert not clock.synced()


def test_after_a_sleep_of_the_machine_there_is_one_window_and_not_one_for_each_that_was_slept() -> (
    None
):
    clock = FakeClock()
    got: list[tuple[int, int]] = []

    class Stop(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            clock.advance(round((timeout or 0.0) * 1000))
            if len(got) == 3:
                clock.sleep_machine(400_000)
            return len(got) >= 6

    def put(item: Window | Press) -> None:
        assert isinstance(item, Window)
        got.append((item.mono_ms // 1000, item.to_ms - item.from_ms))

    Sampler([], clock, window_s=10, sample_s=5).run(put, Stop())
    assert got == [(s, 10_000) for s in (11, 21, 31, 441, 451, 461)]
