"""Odds: trees that are read from text, and what their points come to."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
        probability(parse(0, text, NAMES), (0.0, 0.0, 0.0))


Tree = int | tuple[int, float, "Tree", "Tree"]
limits = st.sampled_from((-0.5, 0.0, 0.25, 0.5, 1.0))  # few, so that trees share some of them
trees = st.recursive(
    st.integers(-40, 60), lambda inner: st.tuples(st.integers(0, 2), limits, inner, inner)
)


def text_of(tree: Tree) -> str:
    if isinstance(tree, int):
        return str(tree)
    place, limit, below, above = tree
    return f"{NAMES[place][0]}{limit} {text_of(below)} {text_of(above)}"


def walked(tree: Tree, seen: tuple[float, ...]) -> int:
    while not isinstance(tree, int):
        place, limit, below, above = tree
        tree = below if seen[place] <= limit else above
    return tree


@given(st.lists(trees, max_size=6), st.tuples(*[limits | st.floats(-2, 2)] * 3))
def test_without_a_walk_it_comes_to_what_a_walk_down_each_tree_comes_to(
    forest: list[Tree], seen: tuple[float, ...]
) -> None:
    model = parse(-30, "\n".join(map(text_of, forest)), NAMES)
    points = -30 + sum(walked(tree, seen) for tree in forest)
    assert probability(model, seen) == 1 / (1 + math.exp(-points / 100))
