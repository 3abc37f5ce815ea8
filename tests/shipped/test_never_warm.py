"""What is written of a bed that has not been warm is what the rules do."""

import pytest

from legwatch.engine import replay
from legwatch.events import AlertKind
from legwatch.testing import Count, night, turning, wobbling
from legwatch_runtime.profiles import sources
from repository import REPO, rules


def cold(celsius: float, moves: Count) -> list[str]:
    said = replay(night(leg=wobbling(celsius), moves=moves), rules("standard"))
    return [n.severity.value for n in said if n.kind is AlertKind.COLD]


def test_the_table_says_which_limits_are_of_a_bed_that_has_been_warm() -> None:
    assert cold(26.0, turning(5)) == []  # below 26.5 all night, and awake
    assert cold(25.0, lambda m: int(m < 1)) == ["log"]
    assert cold(25.0, turning(5))[0] == "warning"
    rows = (REPO / "README.md").read_text().splitlines()
    (warning,) = (row for row in rows if row.startswith("| cold |"))
    (urgent,) = (row for row in rows if row.startswith("| cold, urgent |"))
    assert "in a bed that has been warm (28 °C), the air by the legs is below 28 °C" in warning
    assert "its air is below 25.5 °C, and the sleeper is awake (else it is only written" in warning
    assert "(but not because the bed has not warmed)" in urgent


@pytest.mark.parametrize("name", ["warn_c", "plain_c", "contrast_k", "cold_room_c", "urgent_c"])
def test_the_profile_says_which_limits_are_of_a_bed_that_has_been_warm(name: str) -> None:
    assert "in a bed " in sources("standard")[f"warmth.{name}"]
