"""The button's pin: each press is one word, at the right moment."""

import time
from collections.abc import Iterator

import pytest
from gpiozero.pins.mock import MockFactory

from device.waiting import soon
from legwatch_device.drivers.gpio_button import GpioButton

PIN = 13
HOLD_S = 0.15


@pytest.fixture
def button(pins: MockFactory) -> Iterator[tuple[GpioButton, list[str]]]:
    made = GpioButton(GpioButton.Options(PIN), hold_s=HOLD_S)
    heard: list[str] = []
    made.listen(heard.append)
    yield made, heard
    made._device.close()


Made = tuple[GpioButton, list[str]]


def test_a_short_press_is_seen(pins: MockFactory, button: Made) -> None:
    _, heard = button
    pins.pin(PIN).drive_low()
    assert heard == []
    pins.pin(PIN).drive_high()
    assert heard == ["ack"]
    time.sleep(2 * HOLD_S)
    assert heard == ["ack"]


def test_a_long_press_is_a_cramp_said_while_it_is_held_and_once(
    pins: MockFactory, button: Made
) -> None:
    _, heard = button
    pins.pin(PIN).drive_low()
    assert soon(lambda: heard == ["cramp"])
    time.sleep(3 * HOLD_S)
    pins.pin(PIN).drive_high()
    assert heard == ["cramp"]


def test_presses_follow_each_other(pins: MockFactory, button: Made) -> None:
    _, heard = button
    for _ in range(3):
        pins.pin(PIN).drive_low()
        pins.pin(PIN).drive_high()
    pins.pin(PIN).drive_low()
    assert soon(lambda: heard[3:] == ["cramp"])
    pins.pin(PIN).drive_high()
    pins.pin(PIN).drive_low()
    pins.pin(PIN).drive_high()
    assert heard == ["ack", "ack", "ack", "cramp", "ack"]


def test_three_seconds_make_a_cramp(pins: MockFactory) -> None:
    made = GpioButton(GpioButton.Options(PIN))
    assert made._device.hold_time == 3.0
    assert 0 < made._device.pin.bounce < 0.1
    made._device.close()


def test_a_tap_whose_release_got_lost_is_no_cramp(button: Made) -> None:
    made, heard = button
    made._down()  # and the pin is up again without a word
    made._held(heard.append)
    assert heard == ["ack"]
    made._released(heard.append)  # the next press: gpiozero still believes in the first one
    assert heard == ["ack", "ack"]


def test_released_in_the_moment_of_the_third_second_is_one_press(button: Made) -> None:
    made, heard = button
    made._down()
    made._released(heard.append)
    made._held(heard.append)
    assert heard == ["ack"]
