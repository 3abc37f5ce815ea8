"""Evaluate gradient-boosted decision trees, a binary classifier that scikit-learn has fitted.

The programs in lab/legwatch_lab/fit fit a HistGradientBoostingClassifier to made nights and write
its trees to files such as cover_model.py. This file only evaluates them, and needs no scikit-learn.

A tree is one line of text in pre-order. A split is the letter of a feature (the first of its name,
or one that stands for it) and a threshold, such as `k0.287`. If the feature is at most the
threshold, the subtree that follows at once counts, else the subtree after that. A leaf is a whole
number of points; 100 points are 1 in the logarithm of the odds. The text rounds thresholds to three
digits and leaves to whole points, so a probability differs a little from the one of scikit-learn.

No tree is walked: that takes six times as long, and a bed without a mat asks two classifiers about
each minute of a fall. All leaves of all trees stand in one whole number, a bit each. A feature
above a threshold rules out the leaves up to that split's threshold, so it is enough to find each
feature among its thresholds. Of each tree, the first leaf that is left is where a walk would end.
"""

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

POINTS = 100  # points of 1 in the logarithm of the odds


class _Feature(NamedTuple):
    """One feature: after so many of its thresholds as lie below it, which leaves are left."""

    place: int  # among all features
    thresholds: tuple[float, ...]  # ascending
    left: tuple[int, ...]


class _Leaves(NamedTuple):
    """The leaves of all trees in their order; a set of them is a number with a bit for each."""

    points: int  # before any tree, and the fewest that every tree gives
    all: int
    first: int  # of each tree
    features: tuple[_Feature, ...]
    digits: tuple[tuple[int, int], ...]  # value of a binary digit of points, leaves that have it


class Classifier:
    """A fitted model. Most commands never ask it, so it is taken apart at its first use."""

    def __init__(self, base: int, text: str, names: Sequence[str]) -> None:
        self._base, self._text, self._letters = base, text, [name[0] for name in names]

    @cached_property
    def leaves(self) -> _Leaves:
        """The leaves of all trees; raises ValueError where the text is no tree."""
        points: list[int] = []
        splits: list[list[tuple[float, int]]] = [[] for _ in self._letters]
        trees, first = self._text.strip().splitlines(), 0
        for tree in trees:
            first |= 1 << len(points)
            self._take(iter(tree.split()), points, splits)
        every = (1 << len(points)) - 1
        fewest = min(points, default=0)
        above = [each - fewest for each in points]
        features = (_feature(*split, every) for split in enumerate(splits))
        return _Leaves(
            self._base + fewest * len(trees),
            every,
            first,
            tuple(feature for feature in features if feature.thresholds),
            tuple(
                (1 << digit, sum(1 << n for n, each in enumerate(above) if each >> digit & 1))
                for digit in range(max(above, default=0).bit_length())
            ),
        )

    def _take(
        self, tokens: Iterator[str], points: list[int], splits: list[list[tuple[float, int]]]
    ) -> None:
        """Add the points of a tree's leaves, and each split with the leaves up to its threshold."""
        token = next(tokens)
        if token[0] not in self._letters:
            points.append(int(token))
            return
        begin = len(points)
        self._take(tokens, points, splits)
        below = (1 << len(points)) - (1 << begin)
        splits[self._letters.index(token[0])].append((float(token[1:]), below))
        self._take(tokens, points, splits)


def _feature(place: int, splits: list[tuple[float, int]], every: int) -> _Feature:
    left, ordered = [every], sorted(splits)
    for _, below in ordered:
        left.append(left[-1] & ~below)
    return _Feature(place, tuple(threshold for threshold, _ in ordered), tuple(left))


def parse(base: int, text: str, names: Sequence[str]) -> Classifier:
    """Return the model of these trees, one per line.

    `base` is the points before any tree, the same for all features. The features in `names` must
    differ in their first letters.
    """
    return Classifier(base, text, names)


def probability(model: Classifier, features: Sequence[float]) -> float:
    """Return the probability of "yes" for these features, 0 to 1, by the fitted model.

    The probability estimates how often the answer was "yes" among the examples of the fit with such
    features. The examples are minutes of made nights: nobody has checked the probability on people.
    Base and one leaf of each tree add up to the logarithm of the odds.
    """
    return 1 / (1 + math.exp(-points(model, features) / POINTS))


def points(model: Classifier, features: Sequence[float]) -> int:
    """Return the logarithm of the odds of "yes" for these features, in points."""
    found, left, first, asked, digits = model.leaves
    values = tuple(features)  # a plain tuple is indexed faster
    for place, thresholds, leaves in asked:
        left &= leaves[bisect_left(thresholds, values[place])]
    ends = left & ~(left - first)  # of each tree the lowest bit
    for value, leaves_with in digits:
        found += value * (ends & leaves_with).bit_count()
    return found
