"""Somebody in bed, by a line that goes high, or by a mat that closes to ground."""

import pytest
from gpiozero.pins.mock import MockFactory

from legwatch.errors import SettingsError
from legwatch_device.drivers import open_driver
from legwatch_device.drivers.gpio_presence import GpioPresence

PIN = 25


def test_a_module_drives_its_line_high(pins: MockFactory) -> None:
    sensor = GpioPresence(GpioPresence.Options(PIN))
    assert sensor.present() is False
    pins.pin(PIN).drive_high()
    assert sensor.present() is True


def test_a_mat_closes_to_ground_and_needs_no_resistor(pins: MockFactory) -> None:
    table = {"pin": PIN, "active": "ground"}
    sensor = open_driver("legwatch.presence", "gpio_presence", "sensors.presence", table)
    assert pins.pin(PIN).pull == "up"
    assert sensor.present() is False
    pins.pin(PIN).drive_low()
    assert sensor.present() is True


def test_a_wrong_level_names_the_known_ones() -> None:
    with pytest.raises(SettingsError, match=r"sensors\.presence\.active: .*; one of high, ground"):
        open_driver("legwatch.presence", "gpio_presence", "sensors.presence", {"active": "low"})
