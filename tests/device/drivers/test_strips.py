"""A strip at an ADS1115 under Adafruit's own library, and at an MCP3008 under gpiozero's.

The chips are made of their data sheets: see `ads1115_bus` and `mcp3008_chip`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gpiozero.pins.mock import MockFactory

from device.drivers.ads1115_bus import Ads1115, bus_with
from device.drivers.mcp3008_chip import Mcp3008Chip, close_all, note_opened
from device.waiting import soon
from legwatch.errors import CannotRun
from legwatch_device.drivers import (
    MotionSample,
    ReadFault,
    ads1115,
    device_file,
    mcp3008,
    open_driver,
    rounds,
)
from legwatch_device.drivers import pins as gpio_pins
from legwatch_device.drivers.ads1115 import Ads1115Movement, Ads1115Presence
from legwatch_runtime.testing import FakeClock

MOTION, PRESENCE = "legwatch.motion", "legwatch.presence"


@pytest.fixture(autouse=True)
def dev(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(device_file, "DEV", tmp_path)
    monkeypatch.setattr(gpio_pins, "DEV", tmp_path)
    for name in ("i2c-1", "spidev0.0", "spidev0.1", "gpiochip0"):
        (tmp_path / name).touch()
    note_opened(monkeypatch)
    yield tmp_path
    rounds.end_all()
    close_all()


@pytest.fixture
def chip(monkeypatch: pytest.MonkeyPatch) -> Ads1115:
    made = Ads1115()
    monkeypatch.setattr("Adafruit_PureIO.smbus.SMBus", bus_with(made))
    return made


class Bed:
    """Movement at input 1 and presence at input 2 of one ADS1115."""

    def __init__(self, chip: Ads1115) -> None:
        self.clock, self.chip = FakeClock(), chip
        now = self.clock.instant
        self.converter = ads1115.open_chip(1, 72, 3.3, now)
        moves, lies = Ads1115Movement.Options(channel=1), Ads1115Presence.Options(channel=2)
        self.movement = Ads1115Movement(moves, converter=self.converter, now=now)
        self.presence = Ads1115Presence(lies, converter=self.converter, now=now)
        self._way = 1

    def passes(self, seconds: float, piezo: float = 0.5, strip: float = 0.1) -> None:
        for _ in range(round(seconds * 10)):
            self.clock.advance(100)
            self._way = -self._way
            noise = self._way * 0.00005
            self.chip.inputs[1:3] = (piezo + noise) * 3.3, (strip + noise) * 3.3
            self.converter.turn()

    def fault_of(self, ask: Any) -> str:
        with pytest.raises(ReadFault) as raised:
            ask()
        return str(raised.value)


@pytest.fixture
def bed(chip: Ads1115) -> Bed:
    return Bed(chip)


def test_two_strips_at_one_chip_never_get_the_sample_of_the_other(bed: Bed) -> None:
    bed.passes(140)
    bed.movement.seen()
    for number in range(40):
        bed.passes(0.2, 0.3 + 0.4 * (number % 2), 0.1)
    bed.passes(2)
    moved = bed.movement.seen()
    assert 7 < (moved.moved_s or 0) < 10
    assert 7 <= moved.moves <= 10
    bed.passes(140, strip=0.4)
    assert bed.presence.present() is True
    assert bed.movement.seen() == MotionSample(0, 0.0)


def test_a_level_is_no_movement_however_it_creeps(bed: Bed) -> None:
    bed.passes(30)
    bed.movement.seen()
    for number in range(3000):
        bed.passes(0.1, 0.5 + 0.00002 * number)
    assert bed.movement.seen() == MotionSample(0, 0.0)


@pytest.mark.parametrize("level", [0.0, 1.0, 1.4])
def test_a_cut_wire_is_a_fault_and_no_movement(bed: Bed, level: float) -> None:
    bed.passes(30, 0.4)
    bed.movement.seen()
    bed.passes(9, level)
    bed.clock.advance(100)
    assert bed.fault_of(bed.movement.seen) == "gaps"
    bed.passes(3, level)
    assert bed.fault_of(bed.movement.seen) in {"no_signal", "out_of_range"}
    bed.passes(10, 0.4)
    assert bed.movement.seen() == MotionSample(0, 0.0)


def test_a_cut_wire_is_no_empty_bed(bed: Bed) -> None:
    bed.passes(140, strip=0.1)
    bed.passes(140, strip=0.5)
    for _ in range(5):
        bed.passes(2, strip=0.0)
        assert bed.presence.present() is True
    bed.passes(2, strip=0.0)
    assert bed.fault_of(bed.presence.present) == "no_signal"


def test_a_value_that_does_not_change_by_a_count_for_an_hour_is_frozen(
    bed: Bed, monkeypatch: pytest.MonkeyPatch
) -> None:
    bed.passes(30)
    bed.chip.inputs[1] = 1.65
    for _ in range(3700):
        bed.clock.advance(1000)
        bed.converter.turn()
    assert bed.fault_of(bed.movement.seen) == "frozen"
    bed.passes(30)
    assert bed.movement.seen().moves == 0


def test_a_chip_that_lost_its_power_for_a_moment_gives_no_value_of_another_range(
    bed: Bed,
) -> None:
    bed.passes(30)
    bed.movement.seen()
    bed.chip.loses_power()
    bed.passes(10)
    assert bed.movement.seen() == MotionSample(0, 0.0)


def test_a_bus_that_fails_is_named_and_a_single_failure_is_not_told(bed: Bed) -> None:
    bed.passes(30)
    bed.movement.seen()
    works = bed.chip.broken

    def fails() -> object:
        raise OSError(121, "Remote I/O error")

    bed.passes(9)
    bed.chip.broken = fails
    bed.passes(0.4)
    assert bed.movement.seen() == MotionSample(0, 0.0)
    bed.passes(2)
    assert bed.fault_of(bed.movement.seen) == "no_answer"
    assert bed.fault_of(bed.presence.present) == "no_answer"
    bed.chip.broken = works
    bed.passes(9)
    assert bed.movement.seen() == MotionSample(0, 0.0)


def test_who_got_up_while_the_wire_was_off_is_never_told_to_be_there_after_it(bed: Bed) -> None:
    bed.passes(140, strip=0.1)
    bed.passes(140, strip=0.5)
    assert bed.presence.present() is True
    bed.passes(600, strip=0.0)
    for _ in range(15):
        bed.passes(1, strip=0.1)
        assert bed.presence.present() is None
    bed.passes(15, strip=0.1)
    assert bed.presence.present() is False


def test_hum_that_covers_every_movement_is_a_fault(bed: Bed) -> None:
    for number in range(300):
        bed.passes(0.1, 0.4 + 0.2 * (number % 2))
    assert bed.fault_of(bed.movement.seen) == "noisy"


@pytest.mark.slow
def test_both_tables_of_a_bed_open_the_chip_once_and_read_it_in_one_thread(
    chip: Ads1115, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = list[int]()
    bus: Any = bus_with(chip)

    def open_bus(number: int) -> Any:
        opened.append(number)
        return bus(number)

    monkeypatch.setattr("Adafruit_PureIO.smbus.SMBus", open_bus)
    movement = open_driver(MOTION, "ads1115", "sensors.movement", {})
    presence = open_driver(PRESENCE, "ads1115", "sensors.presence", {})
    assert opened == [1]
    assert soon(lambda: _fault(movement) == "learning" and presence.present() is None)
    chip.never_ready = True  # the library asks and asks
    assert soon(lambda: _fault(movement) == _fault(presence) == "hangs", within_s=10)
    chip.never_ready = False
    assert soon(lambda: _fault(movement) == "learning")


def _fault(driver: Any) -> str:
    try:
        (driver.seen if hasattr(driver, "seen") else driver.present)()
    except ReadFault as fault:
        return str(fault)
    return ""


def test_a_chip_that_does_not_answer_says_how_to_look_for_it(chip: Ads1115) -> None:
    with pytest.raises(CannotRun, match=r"nothing answers at the address 73 \(0x49\) .*i2cdetect"):
        open_driver(MOTION, "ads1115", "here", {"address": 73})


@pytest.mark.parametrize(
    ("driver", "table", "words"),
    [
        ("ads1115", {"bus": 3}, "i2c-3 is not there: switch I2C on"),
        ("mcp3008", {"select": 1}, "spidev0.1 is not there: switch SPI on"),
    ],
)
def test_a_bus_that_is_not_turned_on_says_how(
    driver: str, table: dict[str, Any], words: str, dev: Path
) -> None:
    (dev / "spidev0.1").unlink()
    with pytest.raises(CannotRun, match=words):
        open_driver(PRESENCE, driver, "here", table)


@pytest.mark.parametrize("count", [0, 1, 512, 777, 1023])
def test_each_count_of_an_mcp3008_comes_through_its_bits(pins: MockFactory, count: int) -> None:
    chip = Mcp3008Chip(pins)
    chip.inputs = [3, count, 9, 200, 200, 200, 200, 1000]
    read = list[float]()
    converter = mcp3008.open_chip(0)
    for channel in (0, 1, 7):
        converter.strip(channel).hear(lambda value, _: read.append(value))
    converter.turn()
    inside = [value for value in (3, count, 1000) if 3.1 < value < 1007]
    assert read == [value / 1023 for value in inside]


def test_an_mcp3008_that_is_not_there_is_no_signal(pins: MockFactory) -> None:
    clock = FakeClock()
    converter = mcp3008.open_chip(0, clock.instant)
    strip = converter.strip(0)
    for _ in range(12):
        clock.advance(1000)
        converter.turn()
    with pytest.raises(ReadFault, match="no_signal"):
        strip.ask(lambda at: at)


def test_an_spi_bus_that_fails_is_named(pins: MockFactory) -> None:
    chip, clock = Mcp3008Chip(pins), FakeClock()
    converter = mcp3008.open_chip(0, clock.instant)
    strip = converter.strip(0)
    converter.turn()
    assert strip.ask(lambda at: at) == clock.instant()

    def fails() -> object:
        raise RuntimeError("SPI transfer failed")  # as lgpio's own errors: none of Python's

    chip.broken = fails
    clock.advance(2000)
    converter.turn()
    with pytest.raises(ReadFault, match="spi_error"):
        strip.ask(lambda at: at)
