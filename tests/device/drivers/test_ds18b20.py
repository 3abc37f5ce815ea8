"""The DS18B20 by w1thermsensor's own code, on files that are as the kernel makes them."""

from pathlib import Path
from typing import Any

import pytest
from w1thermsensor import W1ThermSensor

from device.drivers.kernel_files import WireTree, conversion
from legwatch.errors import CannotRun, SettingsError
from legwatch_device.drivers import ReadFault, Reading, load, open_driver, read

GROUP, ONE, OTHER = "legwatch.thermometers", "00000a1b2c3d", "00000a1b2c3e"
ALL_ZERO = "00 00 00 00 00 00 00 00 00 : crc=00 YES\n00 00 00 00 00 00 00 00 00 t=0\n"


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WireTree:
    made = WireTree(tmp_path / "devices")
    monkeypatch.setattr(W1ThermSensor, "BASE_DIRECTORY", made.folder)
    return made


def opened(**table: Any) -> Any:
    return open_driver(GROUP, "ds18b20", "sensors.leg", table)


def on(tree: WireTree, number: str, text: str) -> Path:
    file = tree.sensor(number) / "w1_slave"
    file.write_text(text)
    return file


@pytest.mark.parametrize("celsius", [31.5, 24.5, 0.0, -3.25, -55.0, 84.9375, 125.0])
def test_a_conversion_is_a_reading_without_a_humidity(tree: WireTree, celsius: float) -> None:
    on(tree, ONE, conversion(celsius))
    assert opened().read() == Reading(celsius, None)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (conversion(85.0), "power_on"),
        (conversion(31.0, crc="NO"), "checksum"),
        (ALL_ZERO, "checksum"),
        ("", "checksum"),
        (conversion(31.0).splitlines()[0] + "\n", "read_error"),
        (conversion(31.0).replace("4b 46", "4b 46", 1).replace("f0 01", "zz 01"), "read_error"),
        (conversion(127.9375), "out_of_range"),
    ],
    ids=["85", "crc", "zeros", "empty", "half", "letters", "too hot"],
)
def test_what_is_no_conversion_is_a_fault_with_a_word(tree: WireTree, text: str, word: str) -> None:
    file = on(tree, ONE, conversion(31.0))
    driver = opened()
    assert driver.read().celsius == 31.0
    file.write_text(text)
    with pytest.raises(ReadFault, match=f"^{word}$"):
        driver.read()
    file.write_text(conversion(22.0))
    assert driver.read().celsius == 22.0


def test_one_of_several_is_named_by_its_folder(tree: WireTree) -> None:
    on(tree, ONE, conversion(31.0))
    on(tree, OTHER, conversion(18.0))
    assert opened(id=f"28-{ONE}").read().celsius == 31.0


def test_several_and_no_number_is_told_with_their_numbers(tree: WireTree) -> None:
    on(tree, ONE, conversion(31.0))
    on(tree, OTHER, conversion(18.0))
    with pytest.raises(CannotRun, match=rf"name the right one by id: 28-{ONE}, 28-{OTHER}"):
        opened()


def test_an_empty_wire_and_a_missing_overlay_are_told(tree: WireTree) -> None:
    with pytest.raises(CannotRun, match=r"no such sensor is in .*: is dtoverlay=w1-gpio in"):
        opened()
    (tree.folder / "w1_bus_master1").rmdir()
    tree.folder.rmdir()
    with pytest.raises(CannotRun, match=r"no such sensor is in .*: is dtoverlay=w1-gpio in"):
        opened()


def test_the_room_is_never_taken_for_a_leg_that_has_gone(tree: WireTree) -> None:
    """Both are on one wire, and only the leg has no number in the settings."""
    leg = on(tree, ONE, conversion(31.0))
    driver = opened()
    on(tree, OTHER, conversion(18.0))
    with pytest.raises(ReadFault, match="several_sensors"):
        driver.read()
    by_number = opened(id=f"28-{ONE}")
    leg.unlink()
    leg.parent.rmdir()
    with pytest.raises(ReadFault, match="no_answer"):
        by_number.read()


def test_one_that_is_exchanged_works_without_a_restart(tree: WireTree) -> None:
    old = on(tree, ONE, conversion(31.0))
    driver = opened()
    old.unlink()
    old.parent.rmdir()
    on(tree, OTHER, conversion(30.5))
    assert driver.read().celsius == 30.5


@pytest.mark.parametrize("number", ["28", ONE, "28-00000A1B2C3D", "10-00000a1b2c3d", "leg", ""])
def test_a_number_of_another_form_is_refused_before_the_start(number: str) -> None:
    kind = load(GROUP, "ds18b20", "sensors.leg")
    with pytest.raises(SettingsError, match=r"sensors\.leg\.id: .*12 digits of 0-9 and a-f"):
        read(GROUP, "ds18b20", kind, {"id": number}, "sensors.leg")
