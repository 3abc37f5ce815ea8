"""Lamp and buzzer at their pins: nothing goes on for ever."""

import time
from collections.abc import Callable, Iterator

import pytest
from gpiozero.pins.mock import MockFactory

from device.waiting import soon
from legwatch.errors import SettingsError
from legwatch_device.drivers import open_driver
from legwatch_device.drivers.gpio_signal import BEEP_S, BEEPS, PAUSE_S, GpioSignal

LAMP, BUZZER = 5, 6


Open = Callable[[int | None, int | None], GpioSignal]


@pytest.fixture
def opened(pins: MockFactory) -> Iterator[Open]:
    """Yield a way to open signals that are closed while their pins are still there."""
    made: list[GpioSignal] = []

    def open_one(lamp: int | None, buzzer: int | None) -> GpioSignal:
        made.append(GpioSignal(GpioSignal.Options(lamp, buzzer)))
        return made[-1]

    yield open_one
    for signal in made:
        for device in (signal._lamp, signal._buzzer):
            if device is not None:
                device.close()


def test_lamp_and_buzzer_begin_dark_and_do_as_told(pins: MockFactory, opened: Open) -> None:
    signal = opened(LAMP, BUZZER)
    lamp, buzzer = pins.pin(LAMP), pins.pin(BUZZER)
    assert (lamp.state, buzzer.state) == (0, 0)
    assert signal.light()
    assert (lamp.state, buzzer.state) == (1, 0)
    assert signal.sound()
    assert soon(lambda: bool(buzzer.state))
    signal.calm()
    assert (lamp.state, buzzer.state) == (0, 0)


def test_the_buzzer_stops_by_itself_within_a_minute(
    pins: MockFactory, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert BEEPS * (BEEP_S + PAUSE_S) <= 60.0
    assert (BEEPS - 1) * (BEEP_S + PAUSE_S) + BEEP_S < 60.0
    for name in ("BEEP_S", "PAUSE_S"):
        monkeypatch.setattr(f"legwatch_device.drivers.gpio_signal.{name}", 0.001)
    signal = opened(LAMP, BUZZER)
    buzzer = pins.pin(BUZZER)
    assert signal.sound()
    assert soon(lambda: len(buzzer.states) == 1 + 2 * BEEPS)
    time.sleep(0.05)
    assert len(buzzer.states) == 1 + 2 * BEEPS
    assert buzzer.state == 0


def test_two_short_blinks_without_a_sound(pins: MockFactory, opened: Open) -> None:
    signal = opened(LAMP, BUZZER)
    begun_s = time.monotonic()
    assert signal.blink()
    assert soon(lambda: [s.state for s in pins.pin(LAMP).states] == [0, 1, 0, 1, 0])
    assert time.monotonic() - begun_s < 2
    assert [s.state for s in pins.pin(BUZZER).states] == [0]


def test_a_lamp_that_is_lit_while_blinking_stays_lit(pins: MockFactory, opened: Open) -> None:
    signal = opened(LAMP, None)
    signal.blink()
    signal.light()
    time.sleep(1.0)
    assert pins.pin(LAMP).state == 1


def test_pins_are_optional_but_not_both(opened: Open) -> None:
    only_lamp = opened(LAMP, None)
    assert (only_lamp.light(), only_lamp.sound()) == (True, False)
    only_lamp.calm()
    only_buzzer = opened(None, BUZZER)
    assert (only_buzzer.light(), only_buzzer.blink(), only_buzzer.sound()) == (False, False, True)
    only_buzzer.calm()
    with pytest.raises(SettingsError, match="signal: a lamp_pin or a buzzer_pin"):
        open_driver("legwatch.signals", "gpio", "signal", {})


def test_one_pin_for_both_is_answered_in_one_sentence(pins: MockFactory) -> None:
    with pytest.raises(SettingsError, match=r"driver 'gpio' cannot start: .*in use"):
        open_driver("legwatch.signals", "gpio", "signal", {"lamp_pin": LAMP, "buzzer_pin": LAMP})
