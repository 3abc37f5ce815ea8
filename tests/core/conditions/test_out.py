"""A bed that was left in the night and stays empty is told once, and so is the return."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from legwatch.alerting.notice import Notice, TransitionKind
from legwatch.conditions.verdict import Reason, Severity
from legwatch.engine import advance, replay, start
from legwatch.events import FactKind, Window
from legwatch.limits.rules import Rules
from legwatch.state_codec import from_json, to_json
from legwatch.testing import ms, night, uncovering
from repository import rules

BEGIN_TEXT, HOUR = "2026-01-02T20:00Z", 60  # 21 h in Berlin
BEGIN, LEAVES = ms(BEGIN_TEXT), 5 * HOUR  # in bed from the first minute, up at 2 h
UP_MIN = 9 * HOUR
REPORTED, RESOLVED = TransitionKind.REPORTED, TransitionKind.RESOLVED
Span = tuple[float, float]


def bed(
    *away: Span,
    mat: bool = True,
    minutes: int = UP_MIN,
    silent: Callable[[float], bool] = lambda _m: False,
    begin: str = BEGIN_TEXT,
    always: bool | None = None,
    stirs: bool = False,
) -> list[Window]:
    """Return the windows of a sleeper who is away in these spans; `stirs`: and moves there.

    `always`: what the mat says whatever is so.
    """

    def there(minute: float) -> bool:
        return not any(a <= minute < b for a, b in away)

    def moved_s(minute: float) -> float:
        if any(-0.5 <= minute - edge < 0.5 for span in away for edge in span):
            return 6.0  # getting out, and in
        turns = minute % 18 < 0.3
        return 3.0 if turns and (there(minute) or stirs) else 0.0

    return list(
        night(
            begin=begin,
            minutes=minutes,
            leg=uncovering(*away, uncovered_c=18.5, lag_min=14.0),
            room=lambda _m: 18.0,
            moves=lambda m: int(moved_s(m)),
            active=moved_s,
            mat=lambda m: (there(m) if always is None else always) if mat else None,
            silent=silent,
        )
    )


def notes(windows: list[Window], own: Rules | None = None) -> list[Notice]:
    return [n for n in replay(windows, own or rules()) if n.kind is FactKind.OUT]


def told(windows: list[Window], own: Rules | None = None) -> list[tuple[int, TransitionKind]]:
    """Return what is told, with its minute since the sleeper left."""
    found = notes(windows, own)
    return [((n.at_ms - BEGIN) // 60_000 - LEAVES, n.transition) for n in found]


def away(minutes: float, left: float = LEAVES) -> Span:
    return left, left + minutes


@pytest.mark.parametrize("mat", [True, False])
def test_a_quarter_of_an_hour_is_not_told(mat: bool) -> None:
    assert told(bed(away(15), mat=mat)) == []


@pytest.mark.parametrize("lasts", [25, 90])
def test_by_the_mat_it_is_told_after_twenty_minutes_and_when_it_is_over(lasts: int) -> None:
    (out, end) = notes(bed(away(lasts)))
    assert (out.transition, out.reason) == (REPORTED, Reason.OUT_OF_BED)
    assert (out.severity, out.suppressed_by) == (Severity.WARNING, None)
    assert out.figures == (("out_min", 20), ("seen_by", "mat"))
    assert str(out.rule) == "out.after_s = 1200"
    assert (out.at_ms - BEGIN) // 60_000 - LEAVES == 21, "the first whole minute after that"
    assert (end.transition, end.reason) == (RESOLVED, Reason.BACK)
    assert end.episode_ms == out.episode_ms
    assert abs(dict(end.figures)["out_min"] - lasts) <= 1  # type: ignore[operator]


@pytest.mark.parametrize("lasts", [25, 90])
def test_without_a_mat_air_and_movement_say_it(lasts: int) -> None:
    (out, end) = notes(bed(away(lasts), mat=False))
    assert 20 <= (out.at_ms - BEGIN) // 60_000 - LEAVES < 25
    assert dict(out.figures)["seen_by"] == "air"
    assert (end.at_ms - BEGIN) // 60_000 - LEAVES in range(lasts, lasts + 3)


def test_who_stirs_without_a_mat_is_not_out() -> None:
    assert told(bed(away(60), mat=False, stirs=True)) == []


def test_a_sensor_that_has_slipped_out_does_not_empty_the_bed() -> None:
    slips = LEAVES + 0.2
    windows = night(
        begin=BEGIN_TEXT,
        minutes=UP_MIN,
        leg=uncovering((slips, UP_MIN), uncovered_c=18.0, lag_min=4.0),
        room=lambda _m: 18.0,
        moves=lambda m: int(m % 36 < 0.3),
        active=lambda m: 3.0 if m % 36 < 0.3 else 0.0,
        mat=lambda _m: None,
    )
    assert notes(list(windows)) == []


def test_each_absence_is_told_once() -> None:
    both = told(bed(away(60), away(40, LEAVES + 120)))
    assert [what for _, what in both] == [REPORTED, RESOLVED, REPORTED, RESOLVED]


@pytest.mark.parametrize("mat", [True, False])
def test_a_gap_in_the_data_neither_begins_nor_ends_it(mat: bool) -> None:
    gap = lambda m: LEAVES + 8 <= m < LEAVES + 20  # noqa: E731
    (first, what), *rest = told(bed(away(60), mat=mat, silent=gap))
    assert what is REPORTED
    assert first > 20, "minutes without data are not counted"
    assert [one for _, one in rest] == [RESOLVED]
    later = lambda m: LEAVES + 30 <= m < LEAVES + 50  # noqa: E731
    (_, end) = told(bed(away(60), mat=mat, silent=later))
    assert end[0] >= 60, "it is not over because data are missing"


def test_a_bed_that_falls_silent_is_not_empty() -> None:
    silent = lambda m: m >= LEAVES  # noqa: E731
    assert told(bed(mat=True, silent=silent)) == told(bed(mat=False, silent=silent)) == []


def test_an_evening_without_anybody_in_bed_and_the_morning_have_none() -> None:
    assert told(bed((0, 3 * HOUR))) == []
    assert told(bed((8.2 * HOUR, 14 * HOUR), minutes=14 * HOUR)) == []


def test_an_absence_that_lasts_until_the_day_has_no_end() -> None:
    last = bed((LEAVES, 30 * HOUR), minutes=32 * HOUR)
    assert [what for _, what in told(last)] == [REPORTED]


def test_who_lay_there_since_yesterday_has_left_too() -> None:
    long = bed((30 * HOUR, 31 * HOUR), minutes=32 * HOUR)
    assert [what for _, what in told(long)] == [REPORTED, RESOLVED]


def test_a_mat_that_says_occupied_is_not_contradicted() -> None:
    assert told(bed(away(90), always=True)) == []


def test_the_time_can_be_set_and_switched_off() -> None:
    late = told(bed(away(90)), rules(out__after_s=3600))
    assert [at for at, _ in late][:1] == [61]
    assert told(bed(away(90)), rules(out__after_s=0)) == []
    early = bed((3.9 * HOUR, 5 * HOUR))  # at 0:54 h
    assert told(early)
    assert told(early, rules(out__until_h=1)) != []
    assert told(bed((4.2 * HOUR, 5 * HOUR)), rules(out__until_h=1)) == []


def test_a_restart_in_the_middle_changes_nothing() -> None:
    windows = bed(away(60))
    whole, own = notes(windows), rules()
    for cut in (LEAVES + 10, LEAVES + 40):
        place = cut * 6
        state, found = start(), []
        for part in (windows[:place], windows[place:]):
            state = from_json(to_json(state))
            for window in part:
                state, said = advance(state, window, own)
                found += [n for n in said if n.kind is FactKind.OUT]
        assert found == whole


@settings(max_examples=12, deadline=None)
@given(
    bare=st.tuples(st.integers(60, 400), st.integers(10, 140)),
    every=st.integers(5, 120),
    hole=st.tuples(st.integers(60, 400), st.integers(0, 60)),
)
def test_a_bed_with_somebody_in_it_all_night_by_the_mat_never_tells_it(
    bare: tuple[int, int], every: int, hole: tuple[int, int]
) -> None:
    windows = night(
        begin=BEGIN_TEXT,
        minutes=UP_MIN,
        leg=uncovering((bare[0], sum(bare)), uncovered_c=18.2),
        moves=lambda m: int(m % every < 0.2),
        silent=lambda m: hole[0] <= m < sum(hole),
    )
    assert notes(list(windows)) == []
