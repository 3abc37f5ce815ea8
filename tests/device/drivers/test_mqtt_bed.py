"""Sensors of MQTT beside others, in the threads of the agent: what fails there fails alone."""

import pytest

from device.drivers.published import LIFE, Published
from device.test_starting import Bed, good, starts
from legwatch.errors import SettingsError
from legwatch.events import Window
from legwatch_device.drivers import open_driver
from legwatch_device.drivers.mqtt.broker import PASSWORD
from legwatch_device.drivers.mqtt.link import Up
from placed import LEG, MOVEMENT, ROOM


def test_without_their_broker_they_have_a_fault_and_the_others_run() -> None:
    leg = Published("thermometers", {"field": "t", "same_is_new": True}, answers=False)
    movement = Published("motion", {"availability": [LIFE], "same_is_new": True}, answers=False)
    bed = Bed(
        (LEG, starts(leg.driver)), (ROOM, starts(good(18.0))), (MOVEMENT, starts(movement.driver))
    )
    for name in ("leg", "movement"):
        told = bed.until(lambda window, name=name: (name, "no_broker") in window.faults)  # type: ignore[misc]
        assert (told.leg_c, told.moves) == (None, None)
    assert bed.until(lambda window: window.room_c == 18.0).leg_c is None
    for sensor in (leg, movement):
        sensor.hear(Up())
    leg.say({"t": 30.5})

    def well(window: Window) -> bool:
        return window.leg_c == 30.5

    assert not [name for name, _ in bed.until(well).faults if name == "leg"]
    assert bed.until(lambda window: window.moves == 0).leg_c is None  # told once, and not held
    bed.stop.set()


def test_a_password_that_cannot_be_read_is_a_mistake_of_the_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(f"{PASSWORD}_FILE", "/none/password")
    table = {"topic": "a", "same_is_new": True, "broker": {"user": "sensors"}}
    with pytest.raises(SettingsError, match=rf"^{PASSWORD}_FILE: /none/password cannot be read"):
        open_driver(LEG.group, "mqtt", "sensors.leg", table)
