"""By how much the air by the legs is warmer than the room, and what is usual on this night."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legwatch.signals import contrast
from legwatch.signals.contrast import FEWEST, MARK_MS, NOTHING, SAMPLES, Contrast, ContrastBaseline

DIGITS = st.integers(-550, 1250)  # tenths of a degree, as a sensor tells them


def marked(*contrasts_c: float) -> Contrast:
    now = NOTHING
    for n, contrast_c in enumerate(contrasts_c):
        now = contrast.update(now, contrast_c, n * MARK_MS)
    return now


def test_the_room_of_bedtime_is_kept() -> None:
    now = contrast.begin(contrast.begin(contrast.begin(NOTHING, None), 18.0), 15.0)
    assert now.begin_c == 18.0


def test_without_a_room_there_is_no_contrast() -> None:
    assert contrast.normalized(NOTHING, None, None) is None


@pytest.mark.parametrize("room_c", [21.0, 18.0, 15.0, 12.0])
def test_what_a_cover_keeps_of_the_way_from_room_to_skin_is_the_same_in_another_room(
    room_c: float,
) -> None:
    """In a bedroom of 18 C at bedtime exactly so, and nearly in others."""
    leg_c = room_c + 0.8 * (33 - room_c)
    assert contrast.normalized(Contrast(18.0), round(leg_c - room_c, 3), room_c) == 12.0


def test_a_room_as_warm_as_skin_stretches_nothing_beyond_measure() -> None:
    assert contrast.normalized(Contrast(18.0), -6.0, 40.0) == -18.0


@given(DIGITS, DIGITS, DIGITS, st.integers(-20, 20))
def test_what_both_thermometers_are_off_by_leaves_no_trace(
    begin: int, leg: int, room: int, off: int
) -> None:
    at_once, off_by = (
        contrast.normalized(Contrast(b / 10), round(c / 10 - r / 10, 3), r / 10)
        for b, c, r in ((begin, leg, room), (begin + off, leg + off, room + off))
    )
    assert at_once == off_by


def test_usual_is_the_lower_quarter_and_the_middle_of_the_marks() -> None:
    assert marked(*range(10, 18)).baseline == ContrastBaseline(12, 14)
    assert marked(*[12.0] * (FEWEST - 1)).baseline is None


def test_marks_are_ten_minutes_apart_and_of_the_last_six_hours() -> None:
    now = contrast.update(marked(*range(99)), 1.0, MARK_MS + 60_000)
    assert now.samples_c == tuple(range(99 - SAMPLES, 99))
    assert contrast.update(now, None, 0) == now


def test_under_another_cover_nothing_is_usual_and_the_room_of_bedtime_still_known() -> None:
    now = contrast.begin(marked(12.0, 12.0, 12.0), 18.0)
    assert contrast.without_baseline(now) == Contrast(18.0)
