"""Is the sensor displaced? A classifier tells it from a cover that is off.

In both cases the contrast of bed and room falls alike in the first minutes. The classifier tells
them apart by nine features of one minute: how the contrast falls on, and what else this night has
shown. lab/legwatch_lab/fit/fit_displaced.py has fitted it to made nights. A probability estimates
how often, among such minutes of these nights, the sensor was truly displaced. No night of a person
is in the data.
"""

from functools import cached_property

from legwatch.conditions import classifier
from legwatch.conditions.displaced_model import DISPLACED, DISPLACED_BASE
from legwatch.conditions.features import MINUTE_MS, Features, features
from legwatch.limits.rules import WarmthLimits as Limits
from legwatch.signals import contrast_fall as falls
from legwatch.signals.contrast import ContrastBaseline
from legwatch.signals.contrast_fall import Fall

FORECAST_MIN = 10  # from here on three values tell where it will settle
FORECAST_C = 0.5  # by which that may be mistaken
LOOKS = 3  # minutes of which the worst counts then: one digit of a sensor moves a forecast by 1 C
LIKELY = 0.5  # so likely outside, no forecast is asked ...
NEARLY_S = 1_800  # ... until the slowest sensor has come near the room's air, and tells by that
OUTSIDE_S = 2_400  # and then it is at the room's air, which another rule knows


_DISPLACED = classifier.parse(DISPLACED_BASE, DISPLACED, Features._fields)


def p_displaced(seen: Features) -> float:
    """Return the probability of a displaced sensor, 0 to 1."""
    return classifier.probability(_DISPLACED, seen)


class FallMinute:
    """One minute of the contrast, and what the classifier says of it, computed once."""

    def __init__(
        self, fall: Fall, baseline: ContrastBaseline | None, turned_ms: int | None, at_ms: int
    ) -> None:
        self.fall = fall
        self.baseline = baseline
        self.turned_ms = turned_ms
        self.at_ms = at_ms

    @cached_property
    def features(self) -> Features | None:
        """The features of this minute; None where nothing falls or too little is known."""
        return features(self.fall, self.baseline, self.turned_ms, self.at_ms)

    @cached_property
    def p_displaced(self) -> float:
        """The probability of a displaced sensor; 0 without features."""
        return 0.0 if self.features is None else p_displaced(self.features)

    @property
    def held_s(self) -> int:
        """How long the fall has lasted, whole seconds; 0 where nothing falls."""
        return 0 if self.fall.since_ms is None else (self.at_ms - self.fall.since_ms) // 1000

    def ago(self, minutes: int) -> "FallMinute":
        """Return the same fall some minutes ago."""
        if not minutes:
            return self
        at_ms = self.at_ms - minutes * MINUTE_MS
        return FallMinute(falls.ago(self.fall, minutes), self.baseline, self.turned_ms, at_ms)


def may_be_displaced(now: FallMinute, stretch: float, limits: Limits) -> bool:
    """Return True if the sensor may be displaced: the fall looks so, and may end at the room's air.

    `stretch` turns a contrast, which is given for the room of bedtime, into degrees of now.
    """
    seen = now.features
    if seen is None or seen.fallen < limits.change_share:
        return False
    if now.held_s >= OUTSIDE_S:
        return False
    early = seen.age_min < FORECAST_MIN
    views = [now.ago(n) for n in range(1 if early else LOOKS)]
    if all(view.p_displaced < limits.slip_doubt for view in views):
        return False
    nearly = now.held_s >= NEARLY_S
    if not nearly and (early or now.p_displaced > LIKELY):
        return True
    if nearly:
        end_c = now.fall.contrasts_c[-1]
    else:
        end_c = min(falls.asymptote_c(view.fall) for view in views)
    return end_c * stretch < limits.slipped_c + FORECAST_C
