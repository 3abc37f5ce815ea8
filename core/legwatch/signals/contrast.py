"""The contrast (how much warmer the air by the legs is than the room) and its baseline.

Made of differences of readings only, so that what both thermometers are off by leaves no trace in
it. How far skin lies above the room cannot be known so; but by how much that has changed since
bedtime can. A contrast is therefore given for the room of bedtime: a cover keeps the
same share of a way that is longer in a colder room.
"""

from typing import NamedTuple

from legwatch.rounding import hundredths, thousandths
from legwatch.shared import shared

SPAN_C = 15.0  # from a bedroom of 18 C to skin of 33 C; only how much the room changes is put to it
LEAST_SPAN_C = 5.0  # of a room that warms on and on: nearer to skin nothing is measured
MARK_MS = 600_000  # the baseline takes a sample every ten minutes ...
SAMPLES = 36  # ... of the last six hours
FEWEST = 2  # samples; fewer say nothing of a night


class ContrastBaseline(NamedTuple):
    """What the contrast was this night, C."""

    lower_c: float  # a quarter of the samples lie below
    middle_c: float


class Contrast(NamedTuple):
    """The memory of one stay in bed."""

    begin_c: float | None = None  # the room's air at bedtime, or when it was first known after it
    samples_c: tuple[float, ...] = ()
    baseline: ContrastBaseline | None = None


NOTHING = Contrast()


def begin(was: Contrast, room_c: float | None) -> Contrast:
    """Remember the room of bedtime, once it is known."""
    return was._replace(begin_c=room_c) if was.begin_c is None else was


def span_ratio(now: Contrast, room_c: float) -> float:
    """Return how many times as long the way from this room to skin is as it was at bedtime."""
    warmer_c = thousandths(room_c - (room_c if now.begin_c is None else now.begin_c))
    return max(LEAST_SPAN_C, SPAN_C - warmer_c) / SPAN_C


def normalized(now: Contrast, contrast_c: float | None, room_c: float | None) -> float | None:
    """Return the contrast as it would be in the room of bedtime, C; None where no room is known."""
    if contrast_c is None or room_c is None:
        return None
    return shared(hundredths(contrast_c / span_ratio(now, room_c)))


def update(was: Contrast, contrast_c: float | None, at_ms: int) -> Contrast:
    """Add a minute of a settled, covered bed to the baseline."""
    if contrast_c is None or at_ms % MARK_MS:
        return was
    samples_c = (*was.samples_c[1 - SAMPLES :], contrast_c)
    return Contrast(was.begin_c, samples_c, _baseline(samples_c))


def without_baseline(was: Contrast) -> Contrast:
    """Return the contrast without its baseline: the cover has changed."""
    return Contrast(was.begin_c)


def _baseline(samples_c: tuple[float, ...]) -> ContrastBaseline | None:
    if len(samples_c) < FEWEST:
        return None
    ranked = sorted(samples_c)
    return ContrastBaseline(ranked[len(samples_c) // 4], ranked[len(samples_c) // 2])
