"""A figure and its 95 % interval, by bootstrap: the program resamples whole nights.

Nights that share a run of the body model are alike, so that a run is drawn with all its nights.
"""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain, repeat
from operator import mul
from typing import NamedTuple

from legwatch_lab.score.measure import Measure, Quantile
from legwatch_lab.score.night import ScoredNight

RESAMPLES, SEED = 1000, 20260101
LOW, HIGH = 0.025, 0.975


class Estimate(NamedTuple):
    """One measure of one side. `value` None: nothing to measure; `of`: the denominator."""

    value: float | None
    low: float | None
    high: float | None
    of: float


def estimates(
    measures: Sequence[Measure], nights: Sequence[ScoredNight], sides: Sequence[str]
) -> dict[tuple[str, str], Estimate]:
    """Return the figure of every (measure's key, side); the same nights give the same figures."""
    runs = _runs(nights)
    columns = {(m.key, side): _column(m, nights, side) for m in measures for side in sides}
    drawn: dict[tuple[str, str], list[float]] = {name: [] for name in columns}
    varied = {name: column for name, column in columns.items() if not column.even}
    count = len(set(runs))
    if count < 2:
        varied = {}  # a resample of one run is the same run
    rng = random.Random(SEED)  # noqa: S311 - repeatable, not for secrets
    places = range(count)
    for _ in range(RESAMPLES):
        times = Counter(rng.choices(places, k=count))
        weights = [times[run] for run in runs]
        for name, column in varied.items():
            value = column.value(weights)
            if value is not None:
                drawn[name].append(value)
    once = [1] * len(nights)
    return {name: _figure(column, once, drawn[name]) for name, column in columns.items()}


def _runs(nights: Sequence[ScoredNight]) -> list[int]:
    """Return the number of each night's run; a night that names none is a run of its own."""
    known: dict[object, int] = {}
    named = (night.run or place for place, night in enumerate(nights))
    return [known.setdefault(run, len(known)) for run in named]


def quantile(ordered: Sequence[float], share: float) -> float | None:
    """Return a quantile of sorted values, interpolated; None if there are no values."""
    if not ordered:
        return None
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


class _Sums(NamedTuple):
    """The nights that count for a share: what each adds to numerator and denominator."""

    places: tuple[int, ...]
    upper: tuple[float, ...]
    lower: tuple[float, ...]
    factor: float

    @property
    def even(self) -> bool:
        """Return True if every resample gives the same, e.g. if nothing happened in any night."""
        return not any(self.upper) or self.upper == self.lower

    def value(self, weights: Sequence[int]) -> float | None:
        drawn = [weights[place] for place in self.places]
        lower = sum(map(mul, drawn, self.lower))
        return self.factor * sum(map(mul, drawn, self.upper)) / lower if lower else None

    @property
    def of(self) -> float:
        return sum(self.lower)


class _Values(NamedTuple):
    """All values, sorted, each with the place of its night."""

    ordered: tuple[tuple[float, int], ...]
    quantile: float

    @property
    def even(self) -> bool:
        """Return True if every resample gives the same."""
        return not self.ordered or self.ordered[0][0] == self.ordered[-1][0]

    def value(self, weights: Sequence[int]) -> float | None:
        drawn: Iterable[float] = chain.from_iterable(
            repeat(value, weights[place]) for value, place in self.ordered
        )
        return quantile(list(drawn), self.quantile)

    @property
    def of(self) -> float:
        return len(self.ordered)


def _column(measure: Measure, nights: Sequence[ScoredNight], side: str) -> _Sums | _Values:
    if isinstance(measure, Quantile):
        values = [
            (value, place)
            for place, night in enumerate(nights)
            for value in measure.values(night, night.sides[side])
            if value is not None
        ]
        return _Values(tuple(sorted(values)), measure.quantile)
    pairs = [measure.count(night, night.sides[side]) for night in nights]
    kept = [(place, *pair) for place, pair in enumerate(pairs) if pair[1]]
    places, upper, lower = zip(*kept, strict=True) if kept else ((), (), ())
    return _Sums(places, upper, lower, 100.0 if measure.unit == "%" else 1.0)


def _figure(column: _Sums | _Values, once: Sequence[int], drawn: list[float]) -> Estimate:
    value = column.value(once)
    if not drawn:
        return Estimate(value, value, value, float(column.of))
    drawn.sort()
    return Estimate(value, quantile(drawn, LOW), quantile(drawn, HIGH), float(column.of))
