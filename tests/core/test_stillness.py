"""Lying still is counted from the last turn, not from a twitch, and longer in the first sleep."""

from collections.abc import Callable

from legwatch.engine import replay
from legwatch.events import Kind
from legwatch.notice import What
from nightly import ms, night, rules

BEGIN = ms("2026-01-02T21:00Z")
OWN = rules(stillness__warn_s=7200, alerts__wait_s=0)
TURN, TWITCH = 6, 1


def noted(moves: Callable[[float], int]) -> int:
    """Return the minute at which lying still is first written down."""
    said = replay(night(moves=moves), OWN)
    first = next(n for n in said if n.kind is Kind.STILL and n.what is What.FIRED)
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


def test_the_first_sleep_may_be_stiller() -> None:
    assert noted(at(1, 30)) == 30 + 90 + 30 + 1
    assert noted(at(1, 101)) == 101 + 90 + 1
