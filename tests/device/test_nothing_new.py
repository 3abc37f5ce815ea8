"""A sensor that reports by itself: where it has said nothing, there is no value and no fault."""

import threading
from typing import Any

import pytest

from legwatch.contract.roles import Role
from legwatch_device.drivers import MotionSample, NothingNew, ReadFault, Reading
from legwatch_device.reader import SensorReader
from legwatch_device.samples import PlacedSensor, Sample
from legwatch_device.starting import Starting
from legwatch_device.testing import FakeThermometer
from legwatch_runtime.part import Parts
from legwatch_runtime.testing import FakeClock
from placed import LEG, MOVEMENT


def reader(role: Role, sensor: Any) -> SensorReader:
    placed = PlacedSensor(role, sensor)
    starting = Starting("x", lambda: sensor)
    made = SensorReader(placed, starting, FakeClock(), window_s=10, sample_s=5.0, parts=Parts())
    made._life.ready, made._stop = True, threading.Event()
    made._stop.set()  # a reading is not waited for
    return made


def test_nothing_new_is_neither_a_value_nor_a_fault_nor_the_end_of_one(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    answers = (Reading(30.0), NothingNew(), ReadFault("silent"), NothingNew(), Reading(29.0))
    leg = reader(LEG, FakeThermometer(*answers))
    taken: list[list[Sample]] = []
    for _ in answers:
        leg._read(leg._life)
        taken.append(leg.take())
    assert taken == [
        [Sample(LEG, (30.0, None))],
        [],
        [Sample(LEG, None, "silent")],
        [],
        [Sample(LEG, (29.0, None))],
    ]
    assert [record.message for record in caplog.records] == [
        "leg sensor: silent",
        "leg sensor: works again",
    ]


def said(caplog: pytest.LogCaptureFixture, *answers: Any, apart_s: float = 0.0) -> list[str]:
    """Return what is logged as a warning, as `legwatch up` shows it, of these readings."""
    leg = reader(LEG, FakeThermometer(*answers))
    for _ in answers:
        leg._read(leg._life)
        leg.take()
        assert isinstance(leg._clock, FakeClock)
        leg._clock.advance(int(apart_s * 1000))
    return [record.message for record in caplog.records if record.levelname == "WARNING"]


def test_a_value_out_of_range_is_said_with_its_value(caplog: pytest.LogCaptureFixture) -> None:
    told = said(caplog, Reading(127.0), Reading(30.0), ReadFault("out_of_range", "-60 C"))
    assert told == ["leg sensor: out_of_range: leg_c 127", "leg sensor: out_of_range: -60 C"]


def test_a_humidity_that_cannot_be_is_said_once_and_the_temperature_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    wrong = Reading(30.0, float("nan"))
    told = said(caplog, wrong, wrong, Reading(30.0, 50.0), Reading(30.0, 120.0))
    assert told == [
        "leg sensor: leg_rh nan cannot be, and is left out",
        "leg sensor: leg_rh 120 cannot be, and is left out",
    ]


def test_who_reads_for_a_minute_that_a_sensor_fails_reads_that_it_works_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    fails = ReadFault("no_answer")
    told = said(caplog, Reading(30.0), fails, fails, Reading(30.0), apart_s=30.0)
    assert told == ["leg sensor: no_answer", "leg sensor: works again"]
    caplog.clear()
    assert said(caplog, fails, Reading(30.0), apart_s=30.0) == ["leg sensor: no_answer"]


def test_a_movement_sensor_always_knows_whether_something_has_moved() -> None:
    class Silent:
        def seen(self) -> MotionSample:
            raise NothingNew

    movement = reader(MOVEMENT, Silent())
    assert movement._sample(movement._life, lambda: False) == Sample(MOVEMENT, None, "driver_error")
