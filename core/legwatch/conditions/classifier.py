"""Odds that were fitted to many examples: small trees of questions, whose ends add up.

A tree is one line of text. A question is the first letter of what it asks about and a limit; what
is not above the limit goes on with what follows at once, the rest with what comes after that. An
end is its points: hundredths of the logarithm of the odds.
"""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

POINTS = 100
# An end, or: what is asked about, the limit, what follows up to it, what follows above it.
Tree: TypeAlias = "int | tuple[int, float, Tree, Tree]"


class Classifier(NamedTuple):
    """The points that everything begins with, and the trees."""

    base: int
    trees: tuple[Tree, ...]


def parse(base: int, text: str, names: Sequence[str]) -> Classifier:
    """Read trees, a line each; `names` differ in their first letters."""
    letters = [name[0] for name in names]
    lines = text.strip().splitlines()
    return Classifier(base, tuple(_tree(iter(line.split()), letters) for line in lines))


def _tree(words: Iterator[str], letters: Sequence[str]) -> Tree:
    word = next(words)
    if word[0] not in letters:
        return int(word)
    below = _tree(words, letters)
    return letters.index(word[0]), float(word[1:]), below, _tree(words, letters)


def probability(model: Classifier, features: Sequence[float]) -> float:
    """Return how likely it is by what is seen, 0 to 1."""
    points = model.base
    for tree in model.trees:
        node = tree
        while not isinstance(node, int):
            asked, limit, below, above = node
            node = below if features[asked] <= limit else above
        points += node
    return 1 / (1 + math.exp(-points / POINTS))
