"""Lying still is counted from the last turn, not from a twitch, and longer in the first sleep."""

from collections.abc import Callable

from legwatch.alerting.notice import TransitionKind
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
