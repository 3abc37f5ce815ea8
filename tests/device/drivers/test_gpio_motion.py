"""The movement line: pulses as short as 2 ms are counted, and long ones are told in seconds."""

import pytest
from gpiozero.pins.mock import MockFactory

from legwatch_device.drivers import MotionSample
from legwatch_device.drivers.gpio_line import ActiveLine
from legwatch_device.drivers.gpio_motion import GpioMotion
from legwatch_runtime.clock import Instant


def at(seconds: float) -> Instant:
    return Instant(round(seconds * 1_000_000_000))


def test_every_short_pulse_is_counted(pins: MockFactory) -> None:
    motion = GpioMotion(GpioMotion.Options(17))
    pin = pins.pin(17)
    for _ in range(30):
        pin.drive_high()
        pin.drive_low()
    assert motion.seen().moves == 30
    assert motion.seen().moves == 0


def test_a_line_that_stays_active_is_told_in_seconds_while_no_edge_comes(
    pins: MockFactory,
) -> None:
    """A PIR holds its line for minutes: one edge, and then none, is not stillness."""
    now_s = 100.0
    motion = GpioMotion(GpioMotion.Options(17), now=lambda: at(now_s))
    now_s = 104.0
    pins.pin(17).drive_high()
    now_s = 110.0
    assert motion.seen() == MotionSample(1, 6.0, 6.0)
    now_s = 120.0
    assert motion.seen() == MotionSample(0, 10.0, 10.0)
    now_s = 123.0
    pins.pin(17).drive_low()
    now_s = 130.0
    assert motion.seen() == MotionSample(0, 3.2, 3.0)
    now_s = 140.0
    assert motion.seen() == MotionSample(0, 0.0, 0.0)


def test_a_bouncing_switch_moves_for_as_long_as_it_bounces(pins: MockFactory) -> None:
    now_s = 0.0
    motion = GpioMotion(GpioMotion.Options(17), now=lambda: at(now_s))
    for _ in range(13):
        now_s += 0.002
        pins.pin(17).drive_high()
        now_s += 0.001
        pins.pin(17).drive_low()
    now_s = 10.0
    moves, moved_s, active_s = motion.seen()
    assert moves == 13
    assert moved_s == pytest.approx(13 * 0.003 - 0.002 + 0.2, abs=0.006)
    assert active_s == pytest.approx(0.013, abs=0.006)


def test_an_edge_that_was_lost_is_made_good_at_the_next_look(pins: MockFactory) -> None:
    line = ActiveLine(active=False, at=at(0.0))
    line.edge(active=True, at=at(1.0))
    line.take(active=False, at=at(10.0))  # the falling edge never came
    assert line.take(active=False, at=at(20.0)) == MotionSample(0, 0.0, 0.0)
