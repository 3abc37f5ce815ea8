"""A mat that stays pressed says that somebody lies in a bed that all else shows to be empty."""

from collections.abc import Callable
from math import exp

import pytest

from legwatch.conditions.verdict import Severity
from legwatch.engine import replay
from legwatch.events import AlertKind
from legwatch.testing import night
from repository import rules

UP, BACK = 240, 285  # minutes
BED_C, ROOM_C = 30.0, 15.0


def cold(
    leg: Callable[[float], float],
    moves: Callable[[float], int],
    mat: Callable[[float], bool] = lambda _m: True,
) -> list[Severity]:
    """Return how severe what is said of cold legs is."""
    said = replay(
        night(leg=leg, room=lambda m: ROOM_C + 0.1 * (int(m) % 2), moves=moves, mat=mat),
        rules(),
    )
    return [n.severity for n in said if n.kind is AlertKind.COLD]


def left(m: float) -> float:
    """The air in a bed that somebody leaves."""
    wobble = 0.1 * (int(m) % 3)
    if m < UP:
        return BED_C + wobble
    return round(ROOM_C + (BED_C - ROOM_C) * exp((UP - m) / 20) + wobble, 1)


def entered_again(m: float) -> float:
    """The same, when its sleeper comes back."""
    return left(m) if m < BACK else round(left(m) + 14.0 * (1 - exp((BACK - m) / 25)), 1)


def gets_up(edges: int) -> Callable[[float], int]:
    """Turn each half an hour, and not any more after getting up."""
    return lambda m: edges if UP - 1 <= m < UP else 6 if m % 30 == 0 and m < UP else 0


def test_an_empty_bed_whose_mat_stays_pressed_is_not_urgent() -> None:
    """Getting up looked like a turn to the movement sensor."""
    said = cold(left, gets_up(1))
    assert said
    assert Severity.URGENT not in said


def test_an_empty_bed_whose_mat_changes_its_word_all_the_time_is_not_urgent() -> None:
    said = cold(left, gets_up(6), lambda m: m < UP or int(m * 6) % 2 == 0)
    assert said
    assert Severity.URGENT not in said


@pytest.mark.parametrize("edges", [6, 10])
def test_who_comes_back_to_a_bed_that_is_cold_is_not_urgent(edges: int) -> None:
    def moves(m: float) -> int:
        if BACK <= m < BACK + 1:
            return edges
        return gets_up(6)(m) if m < UP else 3 if m > BACK and int(m) % 4 == 0 else 0

    assert Severity.URGENT not in cold(entered_again, moves)


def test_who_lies_there_without_a_cover_is_urgent_beside_the_same_mat() -> None:
    def bare(m: float) -> float:
        k = 1.0 if m < UP else 0.25 + 0.75 * exp((UP - m) / 10)
        return round(ROOM_C + (BED_C - ROOM_C) * k + 0.1 * (int(m) % 3), 1)

    assert Severity.URGENT in cold(bare, lambda m: 6 if m % 12 < 0.1 else 0)
