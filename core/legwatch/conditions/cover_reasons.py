"""Which quantities moved the estimate of the cover most.

One method, for both steps: a group of features is replaced by the medians of minutes in which the
answer was no, and the estimate is asked again. The more its odds fall, the more that group has
moved it. Of a sign "no" is a covered sleeper; of an alert it is a bed that was left.
"""

from collections.abc import Sequence
from enum import StrEnum

from legwatch.conditions import classifier
from legwatch.conditions.classifier import Classifier
from legwatch.conditions.cover import BARE_TREES, OFF_TREES, Cover, SinceFeatures, since_features
from legwatch.conditions.cover_features import CoverFeatures, features
from legwatch.conditions.cover_model import NOT_BARE, NOT_OFF
from legwatch.conditions.verdict import Figures
from legwatch.observation import Observation

MOST = 3  # quantities


class Quantity(StrEnum):
    """What a group of features tells of."""

    FALL = "fall"  # how the air by the legs has fallen
    NO_RETURN = "no_return"  # it has not risen again
    BEFORE = "moved_before"  # what moved when it began to fall
    SINCE = "moved_since"
    STAY = "stay"  # whether somebody lay in bed until then
    MAT = "mat"
    NIGHT = "night"  # how much moves in this night


PARTS = {
    "risen_c low_min": Quantity.NO_RETURN,
    "onset_s onset_ratio onset_size onset_min most_s most_ratio stood_min": Quantity.BEFORE,
    "begun_seconds_20 begun_most_s begun_most_ratio": Quantity.BEFORE,
    "begun_onset_size begun_onset_min": Quantity.BEFORE,
    "after_s after_min moved_s moved_min rest_min since_most_ratio": Quantity.SINCE,
    "turn_min last_min seconds_5 seconds_20 minutes_20": Quantity.SINCE,
    "bout_min bout_size bout_size_s before_min before_size": Quantity.SINCE,
    "in_bed entered_min left_min": Quantity.STAY,
    "mat mat_min": Quantity.MAT,
    "minutes_240 usual_s begun_minutes_240": Quantity.NIGHT,
}
_OF = {name: quantity for names, quantity in PARTS.items() for name in names.split()}
_FIELDS = tuple(_OF.get(n, Quantity.FALL) for n in (*CoverFeatures._fields, *SinceFeatures._fields))


def of_sign(now: Cover, seen: Observation) -> Figures:
    """Return how sure it is that the cover is off or nobody lies there, and what counted most."""
    found = features(seen)
    return _figures(now.off, () if found is None else _most(OFF_TREES, found, NOT_OFF))


def of_alert(now: Cover, seen: Observation) -> Figures:
    """Return how sure it is that somebody lies there with bare legs, and what counted most."""
    found = features(seen)
    if found is None or now.begun is None:
        return _figures(now.bare, ())
    since = since_features(now.begun, found, now.off or 0.0, seen.at_ms)
    return _figures(now.bare, _most(BARE_TREES, (*found, *since), NOT_BARE))


def _figures(likely: float | None, most: Sequence[Quantity]) -> Figures:
    sure_pct = None if likely is None else round(100 * likely)
    return (("sure_pct", sure_pct), ("counted", ",".join(most) or None))


def _most(
    trees: Classifier, found: Sequence[float], others: Sequence[float]
) -> tuple[Quantity, ...]:
    """Return the quantities without which the odds are least, the strongest first."""
    here = classifier.points(trees, found)
    moved = {
        quantity: here - classifier.points(trees, _without(quantity, found, others))
        for quantity in Quantity
    }
    order = sorted(moved, key=lambda quantity: -moved[quantity])
    return tuple(quantity for quantity in order[:MOST] if moved[quantity] > 0)


def _without(
    quantity: Quantity, found: Sequence[float], others: Sequence[float]
) -> tuple[float, ...]:
    return tuple(
        other if of is quantity else mine
        for of, mine, other in zip(_FIELDS[: len(found)], found, others, strict=True)
    )
