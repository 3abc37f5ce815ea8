"""How a driver is found by its name, and what is said when it is not there or cannot start."""

import re
import tomllib

import pytest

from legwatch.errors import SettingsError
from legwatch_device.drivers import load, open_driver
from legwatch_device.settings import AgentSettings
from repository import REPO

PAGE = REPO / "device/legwatch_device/drivers/README.md"


def test_an_unknown_driver_names_those_installed() -> None:
    with pytest.raises(SettingsError, match=r"sensors\.leg: no driver 'nose'.*dht22, .*simulated"):
        load("legwatch.thermometers", "nose", "sensors.leg")


def test_a_driver_that_cannot_start_is_answered_in_one_sentence() -> None:
    with pytest.raises(SettingsError, match=r"sensors\.leg: driver 'dht22'"):
        open_driver("legwatch.thermometers", "dht22", "sensors.leg", {"pin": 4})


def test_the_page_has_each_shipped_driver_in_its_table_once() -> None:
    _, _, after = PAGE.read_text().partition("## The drivers that are here\n")
    first = re.findall(r"(?m)^\| (`.*?) \|", after.partition("\n## ")[0])
    named = [name for cell in first for name in re.findall(r"`(\w+)`", cell)]
    shipped = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]["entry-points"]
    groups = {door.group for door in AgentSettings.DOORS} & shipped.keys()
    assert sorted(named) == sorted({name for group in groups for name in shipped[group]})
