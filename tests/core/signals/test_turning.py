"""A turn is told from a twitch by what the sensor itself gives for a second of movement."""

from random import Random

import pytest

from legwatch.limits.rules import Rules
from legwatch.signals.movement import MovementSample
from legwatch.signals.turning import EDGES, KEPT, Turning, update
from repository import rules

MINUTE_MS, WINDOW_S = 60_000, 10
OWN: Rules = rules()
ENTRY_S, TURN_S, TWITCH_S = 14, 5, 1


def sample(at_ms: int, edges: int, moved_s: float | None = None) -> MovementSample:
    seconds = float(min(edges, WINDOW_S)) if moved_s is None else moved_s
    return at_ms, edges, seconds, None, moved_s is not None, WINDOW_S


def after(
    *bouts: tuple[int, float], gain: float = 1.0, measured: bool = False, was: Turning | None = None
) -> Turning:
    """Move so many seconds at these minutes, each with `gain` edges, and rest in between."""
    now = was or Turning()
    for minute, moved_s in bouts:
        at_ms, edges = minute * MINUTE_MS, max(1, round(gain * moved_s))
        one = sample(at_ms, edges, moved_s if measured else None)
        now = update(now, [one], OWN, seconds=measured)
        now = update(now, [sample(at_ms + MINUTE_MS, 0)], OWN, seconds=measured)
    return now


def twitching(*minutes: int, rng: Random) -> list[tuple[int, float]]:
    return [(minute, rng.uniform(0.4, 1.6)) for minute in minutes]


@pytest.mark.parametrize("gain", [1.0, 2.0, 5.0, 13.0, 20.0])
def test_by_any_sensor_a_twitch_is_no_turn_once_some_were_felt(gain: float) -> None:
    rng = Random(5)
    small = twitching(*range(20, 200, 15), rng=rng)
    still = after((1, ENTRY_S), *small, gain=gain)
    assert still.turned_ms == MINUTE_MS, "what was taken for turns at first was twitches"
    turned = after((210, TURN_S), *twitching(220, 230, rng=rng), gain=gain, was=still)
    assert turned.turned_ms == 210 * MINUTE_MS


@pytest.mark.parametrize("gain", [1.0, 4.0, 20.0])
def test_turns_alone_are_not_taken_for_twitches(gain: float) -> None:
    rng = Random(6)
    turns = [(minute, rng.uniform(4.0, 8.0)) for minute in range(20, 400, 20)]
    assert after((1, ENTRY_S), *turns, gain=gain).turned_ms == turns[-1][0] * MINUTE_MS


def test_of_measured_seconds_a_turn_is_longer_than_two_twitches() -> None:
    twitches = [(minute, 1.0) for minute in range(20, 200, 15)]
    still = after((1, ENTRY_S), *twitches, (201, 2.0), measured=True)
    assert still.turned_ms == MINUTE_MS
    assert after((210, 3.0), measured=True, was=still).turned_ms == 210 * MINUTE_MS


def test_a_stiff_sensor_that_measures_less_of_all_is_measured_by_itself() -> None:
    short = [(minute, 0.3) for minute in range(20, 200, 15)]
    turns = [(minute, 1.5) for minute in range(27, 200, 30)]
    felt = after((1, 4.0), *sorted(short + turns), measured=True)
    assert felt.turned_ms == turns[-1][0] * MINUTE_MS


def test_single_edges_of_a_nervous_line_hide_no_twitches() -> None:
    rng = Random(7)
    nervous = [(minute, 0.0) for minute in range(10, 300, 10)]
    both = sorted([*nervous, *twitching(*range(25, 300, 20), rng=rng)])
    assert after((1, ENTRY_S), *both, gain=15.0).turned_ms == MINUTE_MS


def test_windows_one_after_the_other_are_one_bout() -> None:
    windows = [sample(at_s * 1000, 2) for at_s in (10, 20, 40)]
    now = update(Turning(), windows[:2], OWN, seconds=False)
    assert (now.size, now.goes_on) == (4.0, True)
    now = update(Turning(), windows, OWN, seconds=False)
    assert (now.size, now.goes_on, [bout.size for bout in now.larger]) == (2.0, False, [4.0])


def test_a_turn_counts_while_it_goes_on() -> None:
    still = after((1, ENTRY_S), *[(minute, 1.0) for minute in range(20, 200, 15)])
    assert update(still, [sample(999_000, 9)], OWN, seconds=False).turned_ms == 999_000


def test_fewer_edges_than_the_limit_are_never_a_turn() -> None:
    assert after((1, ENTRY_S), (60, 2.0)).turned_ms == MINUTE_MS
    strict = rules(stillness__posture_moves=9, presence__stand_moves=30)
    now = after((1, ENTRY_S))
    now = update(now, [sample(99 * MINUTE_MS, 8)], strict, seconds=False)
    now = update(now, [sample(100 * MINUTE_MS, 0)], strict, seconds=False)
    assert now.turned_ms == MINUTE_MS


def test_nothing_is_learned_of_a_minute_that_nobody_counted() -> None:
    now = update(Turning(), [sample(10_000, 5)], OWN, seconds=False)
    assert update(now, [], OWN, seconds=False) is now


def test_another_kind_of_sensor_is_learned_anew() -> None:
    edges = after((1, ENTRY_S), (30, 1.0), gain=20.0)
    assert len(edges.logs) == EDGES[1] - EDGES[0] + 1
    seconds = after((60, 5.0), measured=True, was=edges)
    assert len(seconds.logs) < len(edges.logs)
    assert seconds.turned_ms == 60 * MINUTE_MS


def test_the_memory_stays_small() -> None:
    bouts = [(minute, 300 - minute) for minute in range(1, 290, 3)]
    now = after(*bouts)
    assert len(now.larger) == KEPT
    assert now.larger[0].end_ms == MINUTE_MS
    assert now.larger[-1].end_ms == bouts[-1][0] * MINUTE_MS
