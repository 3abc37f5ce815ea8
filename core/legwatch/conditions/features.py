"""The features of one minute of a fall, from which the classifier tells an uncovered leg."""

from typing import NamedTuple

from legwatch.signals.contrast import ContrastBaseline
from legwatch.signals.contrast_fall import Fall

PACE = 2  # minutes
PACES = 9  # the paces of the last eleven minutes
SLOWEST = 0.02  # what is slower is no pace to compare with: noise
OLDEST_MIN, CALMEST_MIN = 25.0, 40.0  # more tells no more
LEAST_C = 1.0  # of what is usual, to take a share of it
MINUTE_MS = 60_000


class Features(NamedTuple):
    """What one minute of a fall looks like; shares are of the contrast before it, 0 to 1."""

    fallen: float  # share by which it lies below what it was
    pace: float  # share by which it fell in the last two minutes
    bend: float  # pace less the pace two minutes ago: below 0 it slows down
    kept: float  # pace as a share of the fastest one of the last ten minutes
    age_min: float  # since the fall began
    turn_min: float  # since the sleeper turned; where no sensor can say, the fall began with a turn
    usual_c: float  # the contrast before the fall
    lower: float  # share by which it lies below the lower quarter of what this night has shown
    middle: float  # the same below its middle


def features(
    now: Fall, baseline: ContrastBaseline | None, turned_ms: int | None, at_ms: int
) -> Features | None:
    """Return the signs of this minute, or None where nothing falls or too little is known."""
    course, before = now.contrasts_c, now.baseline_c
    if now.since_ms is None or not before or len(course) < PACES + PACE:
        return None
    paces = [(course[-1 - PACE - n] - course[-1 - n]) / before for n in range(PACES)]
    began_ms = now.since_ms - MINUTE_MS
    turn_min = max(0, at_ms - (began_ms if turned_ms is None else turned_ms)) / MINUTE_MS
    return Features(
        fallen=now.fallen,
        pace=paces[0],
        bend=paces[0] - paces[PACE],
        kept=paces[0] / max(*paces, SLOWEST),
        age_min=min(OLDEST_MIN, (at_ms - now.since_ms) / MINUTE_MS),
        turn_min=min(CALMEST_MIN, turn_min),
        usual_c=before,
        lower=now.fallen if baseline is None else _below(course[-1], baseline.lower_c),
        middle=now.fallen if baseline is None else _below(course[-1], baseline.middle_c),
    )


def _below(now_c: float, usual_c: float) -> float:
    return 1 - now_c / max(usual_c, LEAST_C)
