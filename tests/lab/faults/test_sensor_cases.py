"""Recordings after public reports on movement sensors and mats, and what must be said of them."""

import re
from datetime import UTC, datetime

import pytest

from lab.faults.heard import Heard, in_lines, lines_of

PIR_BEDTIME = datetime(2026, 1, 5, 22, 15, tzinfo=UTC)
SPRING_BEDTIME = datetime(2026, 2, 10, 21, 10, tzinfo=UTC)
UNCOVERED = (205.0, 303.0)  # 00:35 to 02:13


def spring(edges: int) -> Heard:
    """Return what is said of a spring switch with so many edges for each turn."""
    lines = [
        re.sub(r",movement,12$", f",movement,{edges}", line.rstrip())
        for line in lines_of("spring_12_edges_no_mat.csv.gz")
    ]
    return in_lines(lines, SPRING_BEDTIME)


def gist(night: Heard) -> list[tuple[int, str, str]]:
    return [(round(at), one.kind, one.what) for at, one in night.notices]


def test_a_spring_switch_with_12_edges_a_turn_tells_of_bare_legs() -> None:
    assert spring(12).caught(*UNCOVERED)


def test_the_file_with_13_edges_gives_what_the_one_with_12_gives() -> None:
    thirteen = in_lines(lines_of("spring_13_edges_no_mat.csv.gz"), SPRING_BEDTIME)
    assert gist(thirteen) == gist(spring(12))


@pytest.mark.parametrize("edges", [13, 20, 40, 60])
def test_the_number_of_edges_a_turn_changes_nothing(edges: int) -> None:
    assert gist(spring(edges)) == gist(spring(12))


def test_a_mat_and_the_other_sensors_disagree_and_cold_is_told_as_with_a_right_mat() -> None:
    wrong = in_lines(lines_of("mat_stuck_off_sleeper_turns.csv.gz"), SPRING_BEDTIME)
    right = in_lines(lines_of("mat_right_same_sleeper.csv.gz"), SPRING_BEDTIME)
    assert wrong.told("presence", (0, 45))  # 30 min after the bed is warm
    (first, _), *_ = right.of("cold", "speaks", between=UNCOVERED)
    assert wrong.caught(first, first + 15)


def test_with_a_right_mat_nothing_is_told_of_a_sensor() -> None:
    right = in_lines(lines_of("mat_right_same_sleeper.csv.gz"), SPRING_BEDTIME)
    assert right.caught(*UNCOVERED)
    assert right.of("sensor") == []


def test_a_sensor_that_never_rests_is_told() -> None:
    night = in_lines(lines_of("pir_free_running.csv.gz"), PIR_BEDTIME)
    assert night.told("movement", (-15, 75))


def test_a_sensor_that_begins_to_run_freely_at_one_is_told_within_an_hour() -> None:
    night = in_lines(lines_of("pir_fails_at_one.csv.gz"), PIR_BEDTIME)
    assert night.told("movement", (165, 225))
    assert not night.told("movement", (-600, 165))


def test_equal_lines_count_once() -> None:
    lines = [line.rstrip() for line in lines_of("no_mat_7_edges_export_joined_to_itself.csv.gz")]
    once = list(dict.fromkeys(lines))
    assert len(once) < len(lines)
    assert gist(in_lines(lines, SPRING_BEDTIME)) == gist(in_lines(once, SPRING_BEDTIME)) != []
