"""Minutes without any window in the course of the contrast: a line, never a sudden fall."""

import pytest

from legwatch.signals.contrast_fall import KEPT, Fall, bridged, update, waiting


def test_a_time_without_windows_becomes_a_straight_line() -> None:
    fall = Fall((13.0, 12.0))
    for _ in range(3):
        fall = waiting(fall)
    assert bridged(fall, 8.0).contrasts_c == (13.0, 12.0, 11.0, 10.0, 9.0)


def test_a_course_without_a_gap_stays_as_it_is() -> None:
    for course in ((), (12.0,), (12.0, 11.5)):
        assert bridged(Fall(course), 8.0).contrasts_c == course


def test_a_slow_cooling_over_a_gap_is_no_sudden_fall() -> None:
    level = tuple(12.0 + 0.1 * (minute % 2) for minute in range(KEPT))
    whole = with_gap = Fall(level)
    for minute in range(1, 9):
        contrast_c = round(level[-1] - 0.1 * minute, 1)
        whole = update(whole, contrast_c, minute * 60_000, firing=False)
        with_gap = waiting(with_gap) if minute < 8 else with_gap
    with_gap = update(bridged(with_gap, contrast_c), contrast_c, 480_000, firing=False)
    assert with_gap.contrasts_c == pytest.approx(whole.contrasts_c)
