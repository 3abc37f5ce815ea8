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


def test_a_movement_sensor_always_knows_whether_something_has_moved() -> None:
    class Silent:
        def seen(self) -> MotionSample:
            raise NothingNew

    movement = reader(MOVEMENT, Silent())
    assert movement._sample(movement._life, lambda: False) == Sample(MOVEMENT, None, "driver_error")
