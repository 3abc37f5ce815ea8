"""The simulated drivers stand for the real ones where there is no hardware."""

import logging

import pytest

from legwatch_device.drivers import open_driver


def test_the_simulated_sensors_go_through_the_same_door() -> None:
    reading = open_driver("legwatch.thermometers", "simulated", "x", {}).read()
    assert 30 <= reading.celsius <= 32
    assert open_driver("legwatch.motion", "simulated", "x", {}).seen().moves in {0, 1}


def test_the_simulated_signal_writes_into_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    signal = open_driver("legwatch.signals", "simulated", "signal", {})
    assert signal.light()
    assert signal.sound()
    assert signal.blink()
    signal.calm()
    assert [r.message for r in caplog.records] == [
        "signal: the lamp is lit",
        "signal: the buzzer beeps",
        "signal: the lamp blinks twice",
        "signal: all off",
    ]
