"""Lying still is counted from the last turn, not from a twitch, and longer in the first sleep."""

from collections.abc import Callable

import pytest

from legwatch.alerting.notice import TransitionKind
from legwatch.conditions.verdict import RANK, Severity
from legwatch.engine import replay
from legwatch.events import AlertKind
from legwatch.testing import ms, night
from repository import rules

BEGIN = ms("2026-01-02T21:00Z")
OWN = rules(stillness__warn_s=7200, alerts__wait_s=0)
TURN, TWITCH = 6, 1


def noted(
    moves: Callable[[float], int], active: Callable[[float], float | None] = lambda _m: None
) -> int:
    """Return the minute at which lying still is first written down."""
    said = replay(night(moves=moves, active=active), OWN)
    first = next(
        n for n in said if n.kind is AlertKind.STILL and n.transition is TransitionKind.FIRED
    )
    return (first.at_ms - BEGIN) // 60_000


def at(*minutes: int, also: int = -1, of: int = 0) -> Callable[[float], int]:
    """Turn at these minutes, and once do something else, all in the minute's first window."""
    return lambda m: of if m == also else TURN if m in minutes else 0


def test_a_twitch_is_no_turn() -> None:
    assert noted(at(1, 120)) == 120 + 90 + 1
    assert noted(at(1, 120, also=160, of=TWITCH)) == 120 + 90 + 1
    assert noted(at(1, 120, also=160, of=TURN)) == 160 + 90 + 1


def test_a_sensor_that_does_not_count_says_of_each_movement_that_it_was_one() -> None:
    assert noted(lambda m: 1 if m in (1, 120, 160) else 0) == 160 + 90 + 1


def test_a_pirs_line_that_stays_active_is_a_movement_that_goes_on() -> None:
    edge = lambda m: 1 if m in (1, 120) else 0  # noqa: E731
    held = lambda m: 10.0 if 120 <= m < 124 else 0.0  # noqa: E731
    assert noted(edge) == 120 + 90 + 1
    assert noted(edge, held) == 124 + 90


def test_a_line_that_is_stuck_active_does_not_hide_stillness() -> None:
    edge = lambda m: 1 if m in (1, 120) else 0  # noqa: E731
    assert noted(edge, lambda m: 10.0 if m >= 120 else 0.0) == 130 + 90 + 1


def test_a_counting_switch_that_rests_active_does_not_hide_stillness() -> None:
    assert noted(at(1, 120), lambda _m: 10.0) == 120 + 90 + 1


def test_the_first_sleep_may_be_stiller() -> None:
    assert noted(at(1, 30)) == 30 + 90 + 30 + 1
    assert noted(at(1, 101)) == 101 + 90 + 1


FOUR_H = rules(stillness__log_s=0, alerts__wait_s=0)


def told(
    moves: Callable[[float], int], active: Callable[[float], float | None] = lambda _m: None
) -> list[tuple[TransitionKind, int]]:
    """Return what is told of lying still by the limit of 4 h, and in which minutes."""
    said = replay(night(moves=moves, active=active, minutes=300), FOUR_H)
    mine = [n for n in said if n.kind is AlertKind.STILL]
    return [
        (n.transition, (n.at_ms - BEGIN) // 60_000)
        for n in mine
        if n.transition is not TransitionKind.RENOTIFIED
    ]


def twitches(minute: float, *, edges: int) -> int:
    """Get into bed, and then only twitch each 25 minutes, by a sensor with so many edges."""
    if minute == 1:
        return 12 * edges
    return edges if minute > 1 and minute % 25 == 0 else 0


def test_a_limit_of_hours_is_no_longer_in_the_first_sleep() -> None:
    assert told(at(1, 30)) == [(TransitionKind.FIRED, 30 + 240 + 1)]


@pytest.mark.parametrize("edges", [1, 3, 8, 20])
def test_who_only_twitches_lies_still_by_any_sensor(edges: int) -> None:
    assert told(lambda m: twitches(m, edges=edges)) == [(TransitionKind.FIRED, 1 + 240 + 1)]


def test_a_sensor_that_has_only_felt_twitches_never_makes_it_urgent() -> None:
    assert highest(lambda m: twitches(m, edges=8)) is Severity.WARNING


def test_who_only_twitches_for_measured_seconds_lies_still() -> None:
    seconds = lambda m: 9.0 if m == 1 else 1.6 * twitches(m, edges=1)  # noqa: E731
    found = told(lambda m: twitches(m, edges=8), seconds)
    assert found == [(TransitionKind.FIRED, 1 + 240 + 1)]


def test_a_twitch_ends_no_alert_and_a_turn_does() -> None:
    found = told(lambda m: 40 if m == 270 else twitches(m, edges=8))
    assert found == [(TransitionKind.FIRED, 242), (TransitionKind.RESOLVED, 271)]


def highest(
    moves: Callable[[float], int], active: Callable[[float], float | None] = lambda _m: None
) -> Severity:
    """Return how severe the alert of lying still becomes by the limit of an urgent one."""
    said = replay(night(moves=moves, active=active, minutes=560), rules(alerts__wait_s=0))
    return max(
        (n.severity for n in said if n.kind is AlertKind.STILL and n.severity in RANK),
        key=RANK.__getitem__,
    )


def turning(*minutes: int, edges: int, twitches: bool = True) -> Callable[[float], int]:
    """Get into bed, turn at these minutes, and twitch once in two hours after that."""
    small = (240, 360, 480) if twitches else ()
    return lambda m: 12 if m == 1 else edges if m in minutes else 1 if m in small else 0


def test_a_sensor_that_has_shown_what_a_turn_is_may_make_stillness_urgent() -> None:
    assert highest(turning(40, 80, 120, edges=12)) is Severity.URGENT


def test_a_sensor_of_which_turns_are_hardly_more_than_twitches_only_warns() -> None:
    """Each turn gives one or two edges: such a sleeper looks still, and turns all the time."""
    assert highest(lambda m: 12 if m == 1 else 2 if m % 40 == 0 else 0) is Severity.WARNING
    assert highest(turning(40, 80, 120, edges=4)) is Severity.WARNING


def test_too_few_turns_in_this_stay_do_not_show_that_the_sensor_sees_them() -> None:
    assert highest(turning(80, 120, edges=12)) is Severity.WARNING
    # Who gets into bed, or does not sleep yet, moves more than in any turn of sleep.
    assert highest(turning(3, 6, 18, 120, edges=12)) is Severity.WARNING


def test_of_measured_seconds_a_turn_is_less() -> None:
    def seconds(turn_s: float) -> Callable[[float], float | None]:
        size = turning(40, 80, 120, edges=1)
        return lambda m: 5.0 if m == 1 else turn_s if m in (40, 80, 120) else 0.3 * size(m)

    moves = turning(40, 80, 120, edges=4)
    assert highest(moves, seconds(4.0)) is Severity.URGENT
    assert highest(moves, seconds(1.2)) is Severity.WARNING


def test_a_movement_that_may_be_a_small_turn_keeps_it_a_warning() -> None:
    """Six edges are few by a sensor of which turns have thirty; but nobody knows."""

    def moves(of_small: int) -> Callable[[float], int]:
        large = turning(40, 80, 120, edges=30)
        return lambda m: of_small if m in (200, 330) else 80 if m == 1 else large(m)

    assert highest(moves(1)) is Severity.URGENT
    assert highest(moves(6)) is Severity.WARNING
