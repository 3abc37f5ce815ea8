"""How a driver is found by its name, and what is said when it is not there or cannot start."""

import pytest

from legwatch.errors import SettingsError
from legwatch_device.drivers import load, open_driver


def test_an_unknown_driver_names_those_installed() -> None:
    with pytest.raises(SettingsError, match=r"sensors\.leg: no driver 'nose'.*dht22, .*simulated"):
        load("legwatch.thermometers", "nose", "sensors.leg")


def test_a_driver_that_cannot_start_is_answered_in_one_sentence() -> None:
    with pytest.raises(SettingsError, match=r"sensors\.leg: driver 'dht22'"):
        open_driver("legwatch.thermometers", "dht22", "sensors.leg", {"pin": 4})
