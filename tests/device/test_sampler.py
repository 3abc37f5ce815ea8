"""Live sensors become windows; what was not seen is unknown."""

import queue
import threading

import pytest

from legwatch.contract.press import Press
from legwatch.contract.window import MAX_MOVES, decode_window, encode_window
from legwatch.events import Window
from legwatch_device.drivers import MotionSample, ReadFault, Reading
from legwatch_device.sampler import PlacedThermometer, Sample, Sampler, close_window
from legwatch_device.testing import FakeMotion, FakeThermometer
from legwatch_runtime.clock import EARLIEST_MS, SystemClock

NONE = MotionSample(0)


def window(
    heard: list[Sample], moved: MotionSample | None = NONE, faults: dict[str, str] | None = None
) -> Window:
    return close_window(heard, moved, faults or {}, from_ms=0, to_ms=10_000, mono_ms=5, synced=True)


def test_a_window_has_the_middle_of_its_readings() -> None:
    heard = [Sample("leg", Reading(c, 40 + c)) for c in (30.0, 31.0, 35.0)]
    made = window([*heard, Sample("room", Reading(18.0))], moved=MotionSample(2))
    assert (made.leg_c, made.leg_rh, made.room_c, made.room_rh, made.moves) == (
        31.0,
        71.0,
        18.0,
        None,
        2,
    )
    assert made.faults == ()


def test_what_was_not_seen_is_unknown_and_its_fault_is_told() -> None:
    made = window([Sample("leg", None, "checksum")], moved=None, faults={"movement": "gone"})
    assert (made.leg_c, made.room_c, made.moves) == (None, None, None)
    assert made.faults == (("leg", "checksum"), ("movement", "gone"))


def test_what_moved_is_told_in_seconds_too_and_no_longer_than_the_window() -> None:
    made = window([], moved=MotionSample(1, 10.02, 9.5))
    assert (made.moves, made.moved_s, made.active_s) == (1, 10.0, 9.5)
    told = window([], moved=MotionSample(3))  # a driver that only counts
    assert (told.moves, told.moved_s, told.active_s) == (3, None, None)


def test_a_floating_pin_does_not_make_the_window_unreadable() -> None:
    made = window([Sample("leg", Reading(31.0))], moved=MotionSample(MAX_MOVES + 1, 9.0, 4.0))
    assert decode_window(encode_window(made._replace(boot="0000000a", seq=1))).leg_c == 31.0


def test_a_fault_beside_a_good_reading_is_no_fault() -> None:
    made = window([Sample("leg", None, "checksum"), Sample("leg", Reading(31.0))])
    assert (made.leg_c, made.faults) == (31.0, ())


class Hung:
    def read(self) -> Reading:
        threading.Event().wait()
        raise AssertionError


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_hung_sensor_stalls_nothing_and_a_failing_one_is_read_again() -> None:
    got: queue.Queue[Window | Press] = queue.Queue()
    stop = threading.Event()
    flaky = FakeThermometer(ReadFault("checksum"), ValueError("the driver's own"), Reading(30.0))
    probes = [PlacedThermometer("leg", flaky, offset_c=0.5), PlacedThermometer("room", Hung())]
    gone = FakeMotion(ReadFault("unplugged"))
    feed = Sampler(probes, gone, SystemClock(), window_s=1, sample_s=0.1)
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


def test_a_clock_that_was_never_set_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SystemClock(trusted=True)
    assert clock.synced()
    monkeypatch.setattr(clock, "utc_ms", lambda: EARLIEST_MS - 1)
    assert not clock.synced()
