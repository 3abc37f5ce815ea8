"""SHT3x, SHT4x and BME280: Adafruit's drivers decode the bytes of the data sheets."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from adafruit_bme280 import basic as bme280_library

from device.drivers import i2c_sensors
from legwatch.errors import CannotRun, SettingsError
from legwatch_device.drivers import ReadFault, Reading, device_file, i2c, load, open_driver, read

GROUP = "legwatch.thermometers"
CHIPS: dict[str, tuple[type[Any], int]] = {
    "sht4x": (i2c_sensors.Sht4x, 0x44),
    "sht3x": (i2c_sensors.Sht3x, 0x44),
    "bme280": (i2c_sensors.Bme280, 0x76),
}
pytestmark = pytest.mark.filterwarnings("error")


class Stand:
    """A driver, its bus and its sensor."""

    def __init__(self, driver: str, address: int | None = None) -> None:
        kind, usual = CHIPS[driver]
        self.bus, self.chip = i2c_sensors.Bus(), kind()
        self.bus.chips[address or usual] = self.chip
        table = {} if address is None else {"address": address}
        self.driver = open_driver(GROUP, driver, "sensors.leg", table, bus=self.bus)

    def fault(self) -> str:
        with pytest.raises(ReadFault) as found:
            self.driver.read()
        return str(found.value)


def test_the_checksum_is_that_of_the_data_sheet() -> None:
    assert i2c_sensors.crc8(b"\xbe\xef") == 0x92


def test_the_bme280_here_gives_the_example_of_the_data_sheet() -> None:
    assert i2c_sensors.Bme280()._celsius(519888) == 25.08


@pytest.mark.parametrize(
    ("driver", "address"), [("sht4x", 0x45), ("sht4x", 0x46), ("sht3x", 0x45), ("bme280", 0x77)]
)
def test_a_sensor_may_be_at_another_address(driver: str, address: int) -> None:
    assert Stand(driver, address).driver.read().celsius == pytest.approx(31.2, abs=0.01)


@pytest.mark.parametrize(
    ("driver", "address"), [("sht4x", 0x43), ("sht3x", 0x46), ("bme280", 0x44), ("sht3x", 300)]
)
def test_an_address_that_it_cannot_have_is_refused_before_the_start(
    driver: str, address: int
) -> None:
    kind = load(GROUP, driver, "sensors.leg")
    with pytest.raises(SettingsError, match=r"^sensors\.leg\.address: "):
        read(GROUP, driver, kind, {"address": address}, "sensors.leg")


@pytest.mark.parametrize("driver", ["sht4x", "sht3x"])
@pytest.mark.parametrize("word", [0, 1], ids=["temperature", "humidity"])
def test_a_wrong_crc_byte_is_a_fault(driver: str, word: int) -> None:
    stand = Stand(driver)
    stand.chip.wrong_crc = {word}
    assert stand.fault() == "checksum"
    stand.chip.wrong_crc = set()
    assert stand.driver.read().celsius == pytest.approx(31.2, abs=0.01)


@pytest.mark.parametrize("driver", ["sht4x", "sht3x"])
@pytest.mark.parametrize("celsius", [-45.0, 130.0], ids=["all zeros", "all ones"])
def test_both_ends_of_the_scale_are_no_temperature(driver: str, celsius: float) -> None:
    stand = Stand(driver)
    stand.chip.celsius = celsius
    assert stand.fault() == "out_of_range"


@pytest.mark.parametrize("driver", CHIPS)
@pytest.mark.parametrize(
    ("number", "word"),
    [
        (errno.EREMOTEIO, "no_answer"),
        (errno.ENXIO, "no_answer"),
        (errno.ETIMEDOUT, "bus_hangs"),
        (errno.EIO, "bus_error"),
    ],
)
def test_each_error_of_the_bus_has_a_word(driver: str, number: int, word: str) -> None:
    stand = Stand(driver)

    def before() -> None:
        raise OSError(number, "an error")

    stand.bus.before = before
    assert stand.fault() == word


@pytest.mark.parametrize("driver", CHIPS)
def test_no_sensor_at_the_start_names_the_address(driver: str) -> None:
    _, address = CHIPS[driver]
    with pytest.raises(
        CannotRun,
        match=rf"nothing answers at the address {address} \({address:#x}\) of /dev/i2c-1; the ",
    ):
        open_driver(GROUP, driver, "sensors.leg", {}, bus=i2c_sensors.Bus())


@pytest.mark.parametrize("driver", CHIPS)
def test_a_bus_that_is_off_is_told(driver: str) -> None:
    with pytest.raises(CannotRun, match=r"/dev/i2c-31 is not there: switch I2C on, by sudo raspi"):
        open_driver(GROUP, driver, "sensors.leg", {"bus": 31})


def test_a_bus_that_this_user_may_not_open_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", "/dev/i2c-1")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(CannotRun, match="sudo usermod -aG i2c"):
        i2c.Bus(1)


def test_each_sensor_has_a_file_of_its_own_on_the_bus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address belongs to the file: with one for both, a leg could read the room's answer."""
    asked: list[tuple[int, int]] = []
    (tmp_path / "i2c-1").touch()
    monkeypatch.setattr(device_file, "DEV", tmp_path)
    monkeypatch.setattr(
        "Adafruit_PureIO.smbus.open",
        lambda _name, _mode, **_more: (tmp_path / "i2c-1").open("w+b", buffering=0),
        raising=False,
    )
    monkeypatch.setattr(
        "Adafruit_PureIO.smbus.ioctl", lambda file, _what, address: asked.append((file, address))
    )
    leg, room = i2c.Bus(1), i2c.Bus(1)
    leg.writeto(0x44, b"leg")
    room.writeto(0x45, b"room")
    assert len({file for file, _ in asked}) == 2
    assert [address for _, address in asked] == [0x44, 0x45]
    assert leg.try_lock()
    assert room.try_lock()  # nobody waits for another
    room._bus._device.seek(0)
    found = bytearray(6)
    room.readfrom_into(0x45, found, start=1, end=5)
    assert found == b"\0room\0"
    room._bus._device.seek(0)
    answer = bytearray(3)
    room.writeto_then_readfrom(0x45, b"", answer, in_end=2)
    assert answer == b"ro\0"
    with pytest.raises(ValueError, match="different"):  # a half answer is none
        room.readfrom_into(0x45, bytearray(100))


def test_a_bme280_that_lost_its_power_while_it_measured_gives_no_value() -> None:
    stand = Stand("bme280")
    stand.chip.loses_power = True
    naive = bme280_library.Adafruit_BME280_I2C(stand.bus, 0x76).temperature
    assert 20 < naive < 30  # what Adafruit's driver makes of no measurement looks like air
    assert stand.fault() == "no_measurement"
    stand.chip.loses_power = False
    assert stand.driver.read().celsius == pytest.approx(31.2, abs=0.01)


def test_a_bme280_without_a_humidity_has_a_temperature() -> None:
    stand = Stand("bme280")
    measure = stand.chip._measure

    def only_warmth() -> None:
        measure()
        stand.chip.registers[0xFD:0xFF] = b"\x80\x00"

    stand.chip._measure = only_warmth
    reading: Reading = stand.driver.read()
    assert reading.celsius == pytest.approx(31.2, abs=0.01)
    assert reading.humidity_pct is None


def test_a_bme280_that_is_exchanged_is_read_with_its_own_calibration() -> None:
    stand = Stand("bme280")
    assert stand.driver.read().celsius == pytest.approx(31.2, abs=0.01)
    stand.bus.chips[0x76] = i2c_sensors.Bme280(t1=28200)
    assert stand.driver.read().celsius == pytest.approx(31.2, abs=0.01)


def test_a_bmp280_is_called_another_chip() -> None:
    bus = i2c_sensors.Bus()
    bus.chips[0x76] = i2c_sensors.Bme280(chip_id=0x58)
    with pytest.raises(CannotRun, match=r"another chip answers at the address 118 \(0x76\) of "):
        open_driver(GROUP, "bme280", "sensors.leg", {}, bus=bus)


def test_humidity_is_within_its_range_at_both_ends() -> None:
    for driver in CHIPS:
        stand = Stand(driver)
        for humidity_pct in (0.0, 100.0):
            stand.chip.humidity_pct = humidity_pct
            assert stand.driver.read().humidity_pct == pytest.approx(humidity_pct, abs=0.1)
