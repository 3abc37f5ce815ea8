"""Movement is measured in seconds: how many edges a switch gives a knock says nothing."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legwatch.events import Window
from legwatch.signals import movement
from legwatch.signals.movement import Movement, sample
from legwatch.testing import live_window, ms
from repository import rules

RULES = rules()
BEGIN = ms("2026-01-02T21:00Z")
MINUTE = 60_000


def played(
    counts: Callable[[int], int],
    minutes: int,
    *,
    each_s: Callable[[int], float | None] = lambda _: None,
) -> list[Movement]:
    """Return the memory after each minute; `counts` and `each_s` are of a minute's first window."""
    now, seen = Movement(), []
    for minute in range(minutes):
        first_ms = BEGIN + minute * MINUTE
        windows = [
            live_window(
                minute * 6 + i + 1,
                first_ms + (i + 1) * 10_000,
                moves=counts(minute) if i == 0 else 0,
                moved_s=None if each_s(minute) is None else each_s(minute) if i == 0 else 0.0,
            )
            for i in range(6)
        ]
        samples = [sample(window) for window in windows]
        now = movement.update(now, samples, RULES, first_ms + MINUTE)
        seen.append(now)
    return seen


def turns(edges: int) -> Callable[[int], int]:
    return lambda minute: edges if minute % 20 == 0 else 0


@pytest.mark.parametrize("edges", [11, 12, 13, 40, 60, 400])
def test_a_turn_is_a_turn_however_often_the_switch_bounces(edges: int) -> None:
    ten = played(turns(10), 200)[-1]
    many = played(turns(edges), 200)[-1]
    assert many.turned_ms == ten.turned_ms
    assert many.exit_or_entry_ms == ten.exit_or_entry_ms is None
    assert many.usual_s == ten.usual_s == 10.0


def test_a_line_that_never_rests_says_nothing_of_somebody_who_gets_up() -> None:
    """It began to trigger itself; for the first minutes that may be somebody who gets up."""
    free = played(lambda m: 24 if m > 100 else turns(8)(m), 160)
    stood_ms = {now.exit_or_entry_ms for now in free[101:]}
    assert max(at_ms or 0 for at_ms in stood_ms) <= BEGIN + 117 * MINUTE


def test_turning_began_with_the_first_of_the_bouts_that_follow_each_other() -> None:
    def restless(minute: int) -> int:
        return 8 if minute in (10, 290) or (100 <= minute < 200 and minute % 9 == 1) else 0

    memory = played(restless, 300)
    assert memory[195].turning_ms == BEGIN + 101 * MINUTE
    assert memory[195].turns_ms[0] > BEGIN + 150 * MINUTE
    assert memory[299].turning_ms == BEGIN + 291 * MINUTE


def test_seconds_that_the_agent_has_measured_count_instead_of_edges() -> None:
    knock = played(
        lambda m: 30 if m == 100 else turns(8)(m), 110, each_s=lambda m: 0.4 if m == 100 else 4.0
    )[-1]
    assert knock.turned_ms == BEGIN + 80 * MINUTE + 10_000, "a knock is no turn"
    turn = played(lambda m: 30 if m == 90 else turns(8)(m), 100, each_s=lambda _: 4.0)[-1]
    assert turn.turned_ms == BEGIN + 90 * MINUTE + 10_000


def test_getting_up_is_told_by_what_a_turn_usually_measures() -> None:
    """Of a sensor that sees little, ten seconds are somebody who gets up."""
    up = lambda m: 9.0 if m == 150 else 2.0  # noqa: E731
    small = played(lambda m: 9 if m == 150 else turns(4)(m), 160, each_s=up)[-1]
    assert small.exit_or_entry_ms == BEGIN + 151 * MINUTE


@pytest.mark.parametrize("each_min", [1, 2])
def test_a_sensor_that_never_rests_is_noisy_within_an_hour(each_min: int) -> None:
    course = played(lambda m: 1 if m >= 60 and m % each_min == 0 else turns(6)(m), 130)
    noisy = [
        minute
        for minute, now in enumerate(course)
        if movement.noisy_since_ms(now, BEGIN + (minute + 1) * MINUTE) is not None
    ]
    assert noisy
    assert 105 <= noisy[0] <= 120


def test_two_quiet_minutes_are_a_rest() -> None:
    course = played(lambda m: 0 if m % 40 in (38, 39) else 3, 200)
    assert all(
        movement.noisy_since_ms(now, BEGIN + (minute + 1) * MINUTE) is None
        for minute, now in enumerate(course)
    )


@given(
    moves=st.integers(0, 10_000),
    moved_s=st.none() | st.floats(0, 60, allow_nan=False),
    length_s=st.integers(1, 60),
)
def test_the_seconds_of_a_window_are_never_longer_than_it(
    moves: int, moved_s: float | None, length_s: int
) -> None:
    window: Window = live_window(1, BEGIN, length_ms=length_s * 1000, moves=moves, moved_s=moved_s)
    _, _, found_s, *_ = sample(window)
    assert found_s <= max(length_s, moved_s or 0)
    assert (found_s > 0) == (moves > 0)
