"""A mat to ground or to 3.3 V, that closes or opens under somebody."""

import pytest
from gpiozero.pins.mock import MockFactory

from legwatch_device.drivers import open_driver
from legwatch_runtime.testing import FakeClock

PIN = 25


@pytest.mark.parametrize("opens", [False, True])
@pytest.mark.parametrize(("to", "pull"), [("ground", "up"), ("3v3", "down")])
def test_a_mat_of_each_wiring(pins: MockFactory, to: str, pull: str, *, opens: bool) -> None:
    clock = FakeClock()
    table = {"pin": PIN, "to": to, "opens": opens}
    mat = open_driver("legwatch.presence", "bed_mat", "here", table, now=clock.instant)
    pin = pins.pin(PIN)
    assert pin.pull == pull
    assert mat.present() is opens  # the contact is open
    (pin.drive_low if to == "ground" else pin.drive_high)()
    clock.advance(1000)
    assert mat.present() is not opens


def test_a_contact_that_bounces_is_unknown_until_it_rests(pins: MockFactory) -> None:
    clock = FakeClock()
    mat = open_driver("legwatch.presence", "bed_mat", "here", {"pin": PIN}, now=clock.instant)
    pin = pins.pin(PIN)
    for _ in range(20):
        pin.drive_low()
        clock.advance(300)
        pin.drive_high()
        clock.advance(100)
        assert mat.present() is None
    pin.drive_low()
    clock.advance(1000)
    assert mat.present() is True
