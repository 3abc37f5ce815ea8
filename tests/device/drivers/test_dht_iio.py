"""The kernel's DHT driver, by files that are as the kernel makes them."""

import errno
import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from device.drivers.kernel_files import IioTree, shows
from legwatch.errors import CannotRun, SettingsError
from legwatch_device.drivers import ReadFault, Reading, dht_iio, load, open_driver, read
from legwatch_runtime.testing import FakeClock

GROUP = "legwatch.thermometers"


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> IioTree:
    made = IioTree(tmp_path / "devices")
    monkeypatch.setattr(dht_iio, "DEVICES", made.folder)
    return made


class Slept(FakeClock):
    def sleep(self, seconds: float) -> None:
        self.advance(round(seconds * 1000))


def opened(clock: Slept | None = None, /, **table: Any) -> dht_iio.DhtIio:
    clock = clock or Slept()
    clocks = {"now": clock.instant, "sleep": clock.sleep}
    driver: dht_iio.DhtIio = open_driver(GROUP, "dht_iio", "sensors.leg", table, **clocks)
    return driver


def fault(driver: dht_iio.DhtIio) -> str:
    with pytest.raises(ReadFault) as found:
        driver.read()
    return str(found.value)


def test_one_sensor_needs_no_name(tree: IioTree) -> None:
    tree.device(3, pin=17)
    assert opened().read() == Reading(31.2, 48.1)


def test_other_devices_of_the_kernel_are_none(tree: IioTree) -> None:
    tree.device(0, name="ads1015")  # a converter, which has no temperature
    with pytest.raises(CannotRun, match=r"no such sensor is in .*: put dtoverlay=dht11,gpiopin=4"):
        opened()


@pytest.mark.parametrize("table", [{"pin": 17}, {"device": "iio:device1"}, {"device": "dht11@11"}])
def test_one_of_several_is_named_by_its_pin_or_its_name(
    tree: IioTree, table: dict[str, Any]
) -> None:
    shows(tree.device(0, pin=4, name="dht11@4"), 18.0, 50.0)
    shows(tree.device(1, pin=17, name="dht11@11"), 31.0, 50.0)
    assert opened(**table).read().celsius == 31.0


def test_several_and_no_name_is_told_with_their_pins(tree: IioTree) -> None:
    tree.device(0, pin=4)
    tree.device(1, pin=17)
    named = r"iio:device0 \(GPIO 4\), iio:device1 \(GPIO 17\)"
    with pytest.raises(CannotRun, match=rf"several sensors .* by pin or device: {named}"):
        opened()


def test_a_second_one_that_comes_later_is_not_taken_for_the_first(tree: IioTree) -> None:
    tree.device(0, pin=4)
    driver = opened()
    assert driver.read().celsius == 31.2
    shows(tree.device(1, pin=17), 18.0, 50.0)
    assert fault(driver) == "several_sensors"


def test_a_number_that_has_changed_since_is_found_by_the_pin(tree: IioTree) -> None:
    first = tree.device(0, pin=4)
    driver = opened(pin=4)
    first.rename(tree.folder / "iio:device7")
    assert driver.read().celsius == 31.2


def test_pin_and_device_together_are_refused_before_the_start() -> None:
    table = {"pin": 4, "device": "iio:device0"}
    kind = load(GROUP, "dht_iio", "sensors.leg")
    with pytest.raises(SettingsError, match=r"sensors\.leg\.device: pin names the sensor already"):
        read(GROUP, "dht_iio", kind, table, "sensors.leg")


@pytest.mark.parametrize(
    ("number", "word"),
    [
        (errno.EIO, "bad_answer"),
        (errno.ETIMEDOUT, "no_answer"),
        (errno.EAGAIN, "coarse_clock"),
        (errno.ENODEV, "no_answer"),
        (errno.EPERM, "read_error"),
    ],
)
def test_each_error_of_the_kernel_has_a_word_after_three_tries(
    tree: IioTree, number: int, word: str
) -> None:
    tree.device()
    asked: list[float] = []
    clock = Slept()

    def text_of(file: Path) -> str:
        asked.append(clock.up_ms / 1000)
        raise OSError(number, os.strerror(number))

    options = dht_iio.DhtIio.Options()
    driver = dht_iio.DhtIio(options, now=clock.instant, sleep=clock.sleep, text_of=text_of)
    assert fault(driver) == word
    assert [round(b - a, 3) for a, b in pairwise(asked)] == [2.5, 2.5]


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="this machine has no /proc")
def test_a_file_that_the_kernel_answers_with_eio_is_a_bad_answer(tree: IioTree) -> None:
    device = tree.device()
    (device / "in_temp_input").unlink()
    (device / "in_temp_input").symlink_to("/proc/self/mem")  # its first byte is nobody's
    assert fault(opened()) == "bad_answer"


def test_a_second_try_may_succeed(tree: IioTree) -> None:
    tree.device()
    left: list[OSError] = [OSError(errno.EIO, "Input/output error")]
    clock = Slept()

    def text_of(file: Path) -> str:
        if left:
            raise left.pop()
        return file.read_text()

    options = dht_iio.DhtIio.Options()
    driver = dht_iio.DhtIio(options, now=clock.instant, sleep=clock.sleep, text_of=text_of)
    assert driver.read() == Reading(31.2, 48.1)


def test_a_temperature_without_its_humidity_is_a_reading(tree: IioTree) -> None:
    (tree.device() / "in_humidityrelative_input").unlink()
    assert opened().read() == Reading(31.2, None)


@pytest.mark.parametrize(
    ("celsius", "humidity_pct", "word"),
    [
        (0.0, 0.0, "implausible"),
        (-3274.6, 50.0, "out_of_range"),  # a clone below zero, as the kernel decodes it
        (80.1, 50.0, "out_of_range"),
        (31.0, 102.3, "out_of_range"),
    ],
)
def test_what_no_such_sensor_measures_is_a_fault(
    tree: IioTree, celsius: float, humidity_pct: float, word: str
) -> None:
    shows(tree.device(), celsius, humidity_pct)
    assert fault(opened()) == word


def test_zero_degrees_in_damp_air_are_a_reading(tree: IioTree) -> None:
    shows(tree.device(), 0.0, 80.0)
    assert opened().read() == Reading(0.0, 80.0)
