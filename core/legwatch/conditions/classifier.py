"""Evaluate gradient-boosted decision trees, a binary classifier that scikit-learn has fitted.

lab/legwatch_lab/fit/fit_uncovered.py fits a HistGradientBoostingClassifier to made nights and
writes its trees to uncovered_model.py. This file only evaluates them, and needs no scikit-learn.

A tree is one line of text in pre-order. A split is the letter of a feature (the first of its name,
or one that stands for it) and a threshold, such as `k0.287`. If the feature is at most the
threshold, the subtree that follows at once counts, else the subtree after that. A leaf is a whole
number of points; 100 points are 1 in the logarithm of the odds. The text rounds thresholds to three
digits and leaves to whole points, so a probability differs a little from the one of scikit-learn.
"""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias, cast

POINTS = 100  # points of 1 in the logarithm of the odds
# A split: index of the feature, threshold, subtree up to it, subtree above it. A leaf has the same
# form, so that a walk takes apart one like the other: no feature, its points, and no subtrees.
Tree: TypeAlias = "tuple[int | None, float, Tree, Tree]"
_NO_TREE = cast("Tree", None)


class Classifier(NamedTuple):
    """A fitted model: `base` is the points before any tree, the same for all features."""

    base: int
    trees: tuple[Tree, ...]


def parse(base: int, text: str, names: Sequence[str]) -> Classifier:
    """Read trees, one per line; the features in `names` must differ in their first letters."""
    letters = [name[0] for name in names]
    lines = text.strip().splitlines()
    return Classifier(base, tuple(_tree(iter(line.split()), letters) for line in lines))


def _tree(tokens: Iterator[str], letters: Sequence[str]) -> Tree:
    token = next(tokens)
    if token[0] not in letters:
        return None, int(token), _NO_TREE, _NO_TREE
    below = _tree(tokens, letters)
    return letters.index(token[0]), float(token[1:]), below, _tree(tokens, letters)


def probability(model: Classifier, features: Sequence[float]) -> float:
    """Return the probability of "yes" for these features, 0 to 1, by the fitted model.

    The probability estimates how often the answer was "yes" among the examples of the fit with such
    features. The examples are minutes of made nights: nobody has checked the probability on people.
    Base and one leaf of each tree add up to the logarithm of the odds.
    """
    points: float = model.base
    values = tuple(features)  # a plain tuple is indexed faster
    for tree in model.trees:
        feature, limit, below, above = tree
        while feature is not None:
            feature, limit, below, above = below if values[feature] <= limit else above
        points += limit  # a leaf's
    return 1 / (1 + math.exp(-points / POINTS))
