"""The course of a bed keeps since when its air falls, and what has moved around and since then."""

from legwatch.signals.course import BLOCKS, HOLE_MIN, MARKS, Course, update

MINUTE_MS = 60_000


def after(*minutes: tuple[float | None, float], was: Course | None = None) -> Course:
    """Take minutes in, each the air and the seconds with movement, from minute 1 on."""
    course = was or Course()
    begin = 0 if course.at_ms is None else course.at_ms // MINUTE_MS
    for n, (leg_c, moved_s) in enumerate(minutes, begin + 1):
        course = update(course, leg_c, moved_s, n * MINUTE_MS)
    return course


def test_a_fall_begins_when_the_air_was_last_near_its_warmest() -> None:
    course = after((30.0, 0), (30.2, 0), (30.0, 0), (28.0, 0), (26.0, 0))
    assert course.peak_ms == 3 * MINUTE_MS
    assert 30.1 < course.peak_c <= 30.2


def test_the_warmest_of_a_stay_is_forgotten_slowly() -> None:
    course = after((30.0, 0), *[(25.0, 0)] * 60)
    assert 28.5 < course.peak_c < 29.5


def test_movement_is_told_by_when_it_was() -> None:
    turned = after(*[(30.0, 0)] * 3, (30.0, 12), (28.0, 3), (27.0, 0), *[(25.0, 0)] * 6, (24.0, 5))
    assert turned.onset_s == 12, "what began it"
    assert (turned.after_s, turned.after_min) == (5, 1), "what came after it had begun"
    assert after((30.0, 0), was=turned).after_min == 0, "warm again: the next fall knows nothing"


def test_a_hole_keeps_the_course_and_a_long_one_begins_it_anew() -> None:
    fallen = after((30.0, 0), (26.0, 0))
    short = update(fallen, 25.0, 0, fallen.peak_ms + 30 * MINUTE_MS)
    assert short.peak_c > 29
    long = update(fallen, 25.0, 0, fallen.peak_ms + (HOLE_MIN + 2) * MINUTE_MS)
    assert long.peak_c == long.empty_c == 25.0


def test_the_memory_does_not_grow() -> None:
    course = after(*[(20.0 + n % 7, n % 3) for n in range(900)])
    assert len(course.trail_c) == MARKS


def test_a_cold_morning_is_forgotten_until_the_next_night() -> None:
    """Who airs the bedroom has another empty bed in the evening than at the open window."""
    hour, cool = [(19.0, 0.0)] * 60, [(9.0, 0.0)] * 20
    aired = after(*hour, *cool, *hour)
    assert aired.empty_c == 9.0
    evening = after(*hour * 11, *[(30.0, 0.0)] * 180, was=aired)
    assert evening.empty_c == 19.0
    assert len(evening.lows_c) == BLOCKS
