"""A room that is cold before bed is written down, once an evening, and pushed to nobody."""

from collections.abc import Callable

from legwatch.alerting.notice import Notice, SuppressedBy, TransitionKind
from legwatch.conditions.verdict import Reason
from legwatch.engine import replay
from legwatch.events import FactKind
from legwatch.limits.rules import Rules
from legwatch.testing import constant, ms, night
from repository import rules

BEGIN_TEXT = "2026-01-02T15:00Z"  # 16 h in Berlin, so the evening begins in minute 120
BEGIN, HOUR = ms(BEGIN_TEXT), 60
EVENING_MIN, HELD_MIN = 2 * HOUR, 30
Level = Callable[[float], float | None]
MILD = constant(18.0)


def notes(
    room: Level,
    *,
    leg: Level = MILD,
    in_min: float = 7 * HOUR,
    mat: bool = True,
    minutes: int = 8 * HOUR,
    own: Rules | None = None,
) -> list[Notice]:
    windows = night(
        begin=BEGIN_TEXT,
        minutes=minutes,
        room=room,
        leg=lambda m: leg(m) if m < in_min else 30.0 + m % 4 / 10,
        mat=(lambda m: m >= in_min) if mat else lambda _m: None,
        moves=lambda m: 1 if m >= in_min and m % 20 < 0.1 else 0,
    )
    return [n for n in replay(windows, own or rules()) if n.kind is FactKind.ROOM]


def minute(notice: Notice) -> int:
    return (notice.at_ms - BEGIN) // 60_000


def test_a_cold_room_is_written_down_in_the_evening_before_bed() -> None:
    (note,) = notes(constant(14.5))
    assert minute(note) == EVENING_MIN + HELD_MIN - 1  # with the minute that ends as it begins
    assert (note.transition, note.reason) == (TransitionKind.REPORTED, Reason.COLD_EVENING)
    assert note.suppressed_by is SuppressedBy.LOG_ONLY
    assert note.figures == (("room_c", 14.5),)
    assert str(note.rule) == "evening.room_c = 18"


def test_a_warm_room_is_not() -> None:
    assert notes(constant(18.0)) == []


def test_a_room_that_is_aired_is_not() -> None:
    assert notes(lambda m: 12.0 if 190 <= m < 215 else 20.0) == []


def test_a_room_that_cools_late_is_seen_as_long_as_nobody_is_in_bed() -> None:
    (note,) = notes(lambda m: 20.0 if m < 5 * HOUR else 16.0)
    assert minute(note) > 5 * HOUR
    assert notes(lambda m: 20.0 if m < 5 * HOUR else 16.0, in_min=5 * HOUR) == []


def test_the_morning_and_the_night_have_none() -> None:
    assert (
        notes(lambda m: 20.0 if m < 8 * HOUR else 12.0, minutes=20 * HOUR, in_min=30 * HOUR) == []
    )


def test_it_comes_once_an_evening() -> None:
    two = notes(constant(14.0), minutes=32 * HOUR, in_min=90 * HOUR)
    assert [minute(note) // (24 * HOUR) for note in two] == [0, 1]


def test_without_a_room_sensor_the_empty_bed_says_it() -> None:
    for mat in (True, False):
        (note,) = notes(constant(None), leg=lambda m: 15.0 + m % 3 / 10, mat=mat)
        assert note.figures[0][0] == "bed_c"


def test_a_room_sensor_that_gives_nothing_is_not_replaced_by_the_bed() -> None:
    assert notes(lambda m: 20.0 if m < 60 else None, leg=lambda m: 15.0 + m % 3 / 10) == []


def test_at_risk_the_limit_is_higher_and_it_can_be_switched_off() -> None:
    assert len(notes(constant(19.0), own=rules("at_risk"))) == 1
    assert notes(constant(12.0), own=rules(evening__room_c=0)) == []
