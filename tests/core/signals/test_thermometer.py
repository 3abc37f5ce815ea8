"""Readings as the sensor tells them: finer digits decide nothing, and no step is lost."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from legwatch.events import ClockTrust, Window
from legwatch.observation import Signals, observe
from legwatch.signals.thermometer import Thermometer, quantize
from repository import rules


@given(st.integers(-550, 1250), st.floats(-0.049, 0.049))
def test_what_wavers_by_less_than_half_a_step_is_undone(tenths: int, noise_c: float) -> None:
    assert quantize(tenths / 10 + noise_c) == tenths / 10


@given(st.integers(-500, 500))
def test_an_offset_of_any_hundredth_keeps_every_step(hundredths: int) -> None:
    """The agent adds its own to two decimals: half steps must not go up and down by turns."""
    readings = [round(tenths / 10 + hundredths / 100, 2) for tenths in range(200, 340)]
    told = [quantize(reading) or 0.0 for reading in readings]
    assert all(round(b - a, 6) == 0.1 for a, b in pairwise(told))


def test_a_missing_reading_stays_missing() -> None:
    window = Window("00000000", 1, 0, 10_000, 0, ClockTrust.SYNCED.value, moves=0)
    signals, _ = observe(Signals(), [window], 60_000, rules())
    assert (signals.leg, signals.room) == (Thermometer(), Thermometer())
