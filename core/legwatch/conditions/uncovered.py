"""Is the cover off, was the cover only lifted, or is the sensor displaced? Two classifiers.

In all three cases the contrast of bed and room falls alike in the first minutes. Two classifiers
tell the cases apart by nine features of one minute: how the contrast falls on, and what else this
night has shown. lab/legwatch_lab/fit/fit_uncovered.py has fitted them to made nights. A probability
estimates how often, among such minutes of these nights, the legs were truly uncovered, or the
sensor truly displaced. No night of a person is in the data.
"""

from collections.abc import Sequence

from legwatch.conditions import classifier
from legwatch.conditions.features import MINUTE_MS, Features, features
from legwatch.conditions.uncovered_model import DISPLACED, DISPLACED_BASE, UNCOVERED, UNCOVERED_BASE
from legwatch.limits.rules import WarmthLimits as Limits
from legwatch.signals import contrast_fall as falls
from legwatch.signals.contrast import ContrastBaseline
from legwatch.signals.contrast_fall import Fall

LONG_S = 1_200  # no lifted cover lets the air stay down so long
WANES_S = 960  # a fall this long counts only if the contrast is below its baseline, too
# A sheet keeps 0.55 and more of the way from room to skin, uncovered legs 0.2-0.4 (JOS-3 runs).
# A sheet keeps at least this in a room of 27 C, and more in a colder room, where legs grow cold.
COVERED_C = 3.0
FORECAST_MIN = 10  # from here on three values tell where it will settle
FORECAST_C = 0.5  # by which that may be mistaken
LOOKS = 3  # minutes of which the worst counts then: one digit of a sensor moves a forecast by 1 C
LIKELY = 0.5  # so likely outside, no forecast is asked ...
NEARLY_S = 1_800  # ... until the slowest sensor has come near the room's air, and tells by that
OUTSIDE_S = 2_400  # and then it is at the room's air, which another rule knows


_UNCOVERED = classifier.parse(UNCOVERED_BASE, UNCOVERED, Features._fields)
_DISPLACED = classifier.parse(DISPLACED_BASE, DISPLACED, Features._fields)


def p_uncovered(seen: Features) -> float:
    """Return the probability that the cover is off and not only lifted, 0 to 1."""
    return classifier.probability(_UNCOVERED, seen)


def p_displaced(seen: Features) -> float:
    """Return the probability of a displaced sensor, if the cover was not only lifted, 0 to 1."""
    return classifier.probability(_DISPLACED, seen)


def uncovered_by(
    now: Fall, baseline: ContrastBaseline | None, turned_ms: int | None, at_ms: int, limits: Limits
) -> str:
    """Return the path of the limit by which the cover counts as off; "" if it does not."""
    if now.since_ms is None or now.fallen < limits.change_share or falls.is_rising(now):
        return ""
    if now.baseline_c is None or now.baseline_c < COVERED_C:
        return ""
    held_s = (at_ms - now.since_ms) // 1000
    if (
        held_s >= WANES_S
        and baseline
        and now.contrasts_c[-1] > (1 - limits.change_share) * baseline.lower_c
    ):
        return ""
    seen = features(now, baseline, turned_ms, at_ms)
    if seen is not None and p_uncovered(seen) >= limits.change_sure:
        return "warmth.change_sure"
    return "warmth.change_share" if held_s >= LONG_S else ""


def may_be_displaced(
    now: Fall,
    baseline: ContrastBaseline | None,
    turned_ms: int | None,
    stretch: float,
    at_ms: int,
    limits: Limits,
) -> bool:
    """Return True if the sensor may be displaced: the fall looks so, and may end at the room's air.

    `stretch` turns a contrast, which is given for the room of bedtime, into degrees of now.
    """
    seen = features(now, baseline, turned_ms, at_ms)
    if seen is None or now.since_ms is None or seen.fallen < limits.change_share:
        return False
    early = seen.age_min < FORECAST_MIN
    views = [falls.ago(now, n) for n in range(1 if early else LOOKS)]
    held_s = (at_ms - now.since_ms) // 1000
    if (
        _worst_p_displaced(views, baseline, turned_ms, at_ms) < limits.slip_doubt
        or held_s >= OUTSIDE_S
    ):
        return False
    nearly = held_s >= NEARLY_S
    if not nearly and (early or p_displaced(seen) > LIKELY):
        return True
    end_c = now.contrasts_c[-1] if nearly else min(falls.asymptote_c(view) for view in views)
    return end_c * stretch < limits.slipped_c + FORECAST_C


def _worst_p_displaced(
    views: Sequence[Fall], baseline: ContrastBaseline | None, turned_ms: int | None, at_ms: int
) -> float:
    """Return the highest probability of these views, each a minute older than the one before."""
    looks = [
        features(view, baseline, turned_ms, at_ms - n * MINUTE_MS) for n, view in enumerate(views)
    ]
    return max((p_displaced(seen) for seen in looks if seen), default=0.0)
