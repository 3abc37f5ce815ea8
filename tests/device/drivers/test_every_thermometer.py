"""What each thermometer driver must do, whatever its sensor and its library do."""

import errno
import math
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from device.drivers.rigs import FIRST_C, FIRST_PCT, GROUP, RIGS, Rig
from device.waiting import soon
from legwatch.errors import CannotRun
from legwatch_device.drivers import ReadFault, Reading
from legwatch_device.reader import HANGS, SensorReader
from legwatch_device.samples import PlacedSensor, Sample
from legwatch_device.starting import Starting, started
from legwatch_runtime import plugins
from legwatch_runtime.part import Parts
from legwatch_runtime.testing import FakeClock
from placed import LEG

WITHOUT_SENSOR = {"simulated"}
DAY_MS = 24 * 3_600_000


@pytest.fixture(params=sorted(RIGS))
def rig(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rig:
    return RIGS[request.param](tmp_path, monkeypatch)


class Reader:
    """Reads a driver as the agent does, without its thread and its pauses."""

    def __init__(self, sensor: Any, rig: Rig) -> None:
        self.rig, self.clock = rig, FakeClock()
        placed = PlacedSensor(LEG, sensor)
        self.reader = SensorReader(
            placed, started(sensor), self.clock, window_s=10, sample_s=15, parts=Parts()
        )
        self.reader._life.ready = True
        self.reader._stop.set()  # nothing waits for the next reading

    def read(self) -> Sample:
        self.rig.measures()
        self.reader._read(self.reader._life)
        (sample,) = self.reader.take()
        return sample

    def celsius(self) -> float | None:
        sample = self.read()
        return sample.values[0] if sample.values else None

    def fault(self) -> str:
        sample = self.read()
        assert sample.values is None, sample
        return sample.fault


def test_no_driver_of_the_group_is_left_out() -> None:
    shown = {rig.driver for rig in RIGS.values()}
    assert set(plugins.names(GROUP)) - WITHOUT_SENSOR == shown, "add a line to RIGS"


@pytest.mark.parametrize("celsius", [FIRST_C, 18.5, -7.5, -31.0])
def test_a_good_reading_is_given(rig: Rig, celsius: float) -> None:
    sensor = rig.open()
    rig.shows(celsius)
    rig.measures()
    found: Reading = sensor.read()
    assert found.celsius == pytest.approx(celsius, abs=0.05)
    assert found.humidity_pct == (pytest.approx(FIRST_PCT, abs=0.1) if rig.humid else None)


def test_without_its_library_it_says_what_to_install(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not rig.library:
        assert Reader(rig.open(), rig).celsius() == pytest.approx(FIRST_C)  # it needs none
        return
    module = rig.library.partition(".")[0]
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.delitem(sys.modules, rig.library, raising=False)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(CannotRun, match=rf"needs the module {module}: .*legwatch\[device\]"):
        rig.open()


def test_one_that_is_not_there_at_the_start_works_once_it_is(rig: Rig) -> None:
    rig.unplug()
    starting = Starting("leg sensor", rig.open)  # as the agent starts it
    sensor = starting.attempt()
    assert starting.refused is None  # which would end the agent
    assert sensor is None or Reader(sensor, rig).fault() == rig.unplugged
    rig.plug()
    assert Reader(sensor or starting.attempt(), rig).celsius() == pytest.approx(FIRST_C, abs=0.05)


def test_one_that_is_unplugged_has_no_value_until_it_is_back(rig: Rig) -> None:
    reader = Reader(rig.open(), rig)
    assert reader.celsius() == pytest.approx(FIRST_C, abs=0.05)
    rig.unplug()
    assert [reader.fault() for _ in range(3)] == [rig.unplugged] * 3
    rig.plug()
    rig.shows(24.0)
    assert reader.celsius() == pytest.approx(24.0, abs=0.05)


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.EIO, "Input/output error"),
        OSError(errno.ETIMEDOUT, "Connection timed out"),
        RuntimeError("something new"),
        ValueError("invalid literal"),
        KeyError("x"),
        SystemExit(3),
        KeyboardInterrupt(),
        MemoryError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_a_reading_raises_is_a_fault_and_the_next_one_is_new(
    rig: Rig, error: BaseException
) -> None:
    reader = Reader(rig.open(), rig)
    assert reader.celsius() == pytest.approx(FIRST_C, abs=0.05)
    rig.raises(error)
    fault = reader.fault()
    assert fault.replace("_", "").isalpha(), fault
    rig.raises(None)
    rig.shows(26.5)
    assert reader.celsius() == pytest.approx(26.5, abs=0.05)


@pytest.mark.parametrize("value", [None, "31.2 C", "", math.nan, math.inf, -math.inf, 1e9, -3274.6])
def test_what_is_no_temperature_is_a_fault(rig: Rig, value: object) -> None:
    sensor = rig.open()
    reader = Reader(sensor, rig)
    rig.gives(value)
    assert reader.fault() in rig.no_values
    rig.measures()
    with pytest.raises(ReadFault):
        sensor.read()


@pytest.mark.parametrize("hung_ms", [60_000, 30 * DAY_MS], ids=["a minute", "for ever"])
def test_a_reading_that_hangs_is_a_fault_and_no_old_value_comes_of_it(
    rig: Rig, hung_ms: int
) -> None:
    reader = Reader(rig.open(), rig)
    assert reader.celsius() == pytest.approx(FIRST_C, abs=0.05)
    go_on = rig.hang()
    reading = threading.Thread(target=reader.reader._read, args=(reader.reader._life,), daemon=True)
    reading.start()
    if rig.hung == HANGS:
        assert soon(lambda: reader.reader._life.reading_since is not None or not reading.is_alive())
    else:
        reading.join(10)  # it waits for nothing
        assert not reading.is_alive()
    reader.clock.advance(hung_ms)
    assert [sample.fault for sample in reader.reader.take()] == [rig.hung]
    go_on()
    reading.join(10)
    assert not reading.is_alive()
    reader.reader.take()
    rig.shows(22.0)
    assert reader.celsius() == pytest.approx(22.0, abs=0.05)
