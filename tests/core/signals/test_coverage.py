"""What comes and goes is measured by the pace of the sensor itself."""

from collections.abc import Callable

import pytest

from legwatch.signals.coverage import Coverage, comes_and_goes, is_steady, known_min, update
from legwatch.testing import ms

BEGIN = ms("2026-01-02T21:00Z")
MINUTE = 60_000


def after(minutes: int, known: Callable[[int], bool], pace_s: int = 10) -> Coverage:
    """Return the coverage of a sensor that reads each `pace_s`, in the minutes that are known."""
    now, last = Coverage(), None
    for minute in range(minutes):
        begin = BEGIN + minute * MINUTE
        times = [
            t for t in range(begin, begin + MINUTE, 1000) if (t - BEGIN) % (pace_s * 1000) == 0
        ]
        if not known(minute):
            times = []
        now = update(now, [(at,) for at in times], last, begin + MINUTE)
        last = times[-1] if times else last
    return now


def always(_minute: int) -> bool:
    return True


@pytest.mark.parametrize("pace_s", [2, 10, 30, 60, 300, 600])
def test_a_slow_sensor_is_whole_at_its_own_pace(pace_s: int) -> None:
    now = after(120, always, pace_s)
    assert not comes_and_goes(now)
    assert known_min(now) == 30


@pytest.mark.parametrize(("on", "of"), [(1, 8), (2, 8), (5, 10), (1, 2)])
def test_half_an_hour_of_which_half_is_missing_comes_and_goes(on: int, of: int) -> None:
    assert comes_and_goes(after(120, lambda m: m < 60 or m % of < on))


@pytest.mark.parametrize(("on", "of"), [(9, 10), (7, 10), (29, 30)])
def test_some_holes_do_not(on: int, of: int) -> None:
    assert not comes_and_goes(after(120, lambda m: m < 60 or m % of < on))


def test_one_long_hole_is_another_matter() -> None:
    for end in range(60, 130):
        assert not comes_and_goes(after(end, lambda m: not 60 <= m < 85))


def test_who_was_lost_once_is_back_and_who_is_lost_now_and_then_is_not() -> None:
    once = after(120, lambda m: not 95 <= m < 105)
    assert is_steady(once)
    now_and_then = after(120, lambda m: m < 60 or m % 8 < 5)
    assert not comes_and_goes(now_and_then)
    assert not is_steady(now_and_then)
