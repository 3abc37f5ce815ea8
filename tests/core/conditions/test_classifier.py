"""Odds: trees that are read from text, and what their points come to."""

import math

import pytest

from legwatch.conditions.classifier import parse, probability

NAMES = ("fallen", "pace", "kept")
TEXT = """
f0.3 -40 k0.5 10 55
p-0.01 7 -7
"""


@pytest.mark.parametrize(
    ("seen", "points"),
    [
        ((0.3, 0.0, 0.9), 100 - 40 - 7),  # a limit itself is still below
        ((0.31, 0.0, 0.5), 100 + 10 - 7),
        ((0.31, -0.01, 0.51), 100 + 55 + 7),
    ],
)
def test_the_ends_of_all_trees_add_up(seen: tuple[float, ...], points: int) -> None:
    assert math.isclose(
        probability(parse(100, TEXT, NAMES), seen), 1 / (1 + math.exp(-points / 100))
    )


def test_without_trees_it_is_what_everything_begins_with() -> None:
    assert probability(parse(0, "", NAMES), ()) == 0.5


@pytest.mark.parametrize("text", ["x0.3 1 2", "f0.3 1 two"])
def test_what_cannot_be_read_is_no_tree(text: str) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        parse(0, text, NAMES)
