"""Who lies there, and is the cover off? Two classifiers, for beds without a mat.

Without a mat, a bed that was just left and a sleeper whose cover is off cool alike. Two classifiers
tell them apart by how the air has fallen since it was warmest, and by what has moved before and
after. lab/legwatch_lab/fit/fit_lying.py has fitted them to made nights of two families. A
probability estimates how often it was so among such minutes of these nights: no night of a person
is in the data.
"""

from typing import NamedTuple

from legwatch.conditions import classifier
from legwatch.conditions.features import MINUTE_MS
from legwatch.conditions.lying_features import LETTERS, features, has_hardly_fallen
from legwatch.conditions.lying_model import BARE, BARE_BASE, THERE, THERE_BASE
from legwatch.observation import Observation
from legwatch.signals.occupancy import WARMS_WITHIN_MS, believed_mat

SURE = 0.5  # so probable, for SURE_MIN minutes, the cover is off and somebody lies there
SURE_MIN = 2
EMPTY = 0.5  # somebody lies there with less than this: too little for a sound
URGENT = 0.85  # the same for an urgent one
LIKELY = 0.65  # the cover is off with less than this: too little for an urgent sound
SELDOM = 0.25  # the same of somebody who has got in a moment ago: the bed is still cold
COVERED = 0.15  # the cover is off with less than this: it is back, or was never off
RETURN_MS = 1_200_000  # who comes back finds a cold bed, which warms within this time


_BARE = classifier.parse(BARE_BASE, BARE, LETTERS)
_THERE = classifier.parse(THERE_BASE, THERE, LETTERS)


class Lying(NamedTuple):
    """What is estimated of one minute, 0 to 1; None where nothing falls."""

    bare: float | None = None  # somebody lies there and the cover is off
    there: float | None = None  # somebody lies there
    sure_min: int = 0  # minutes for which `bare` has been sure
    empty_ms: int | None = None  # when the bed was last as likely empty as not


NOTHING = Lying()


def estimate(was: Lying, seen: Observation) -> Lying:
    """Return the estimate of this minute; a mat knows better."""
    if believed_mat(seen.occupancy) is not None:
        return NOTHING
    found = features(seen)
    if found is None:
        return NOTHING if was.empty_ms is None else Lying(empty_ms=was.empty_ms)
    bare = round(classifier.probability(_BARE, found), 3)
    there = round(classifier.probability(_THERE, found), 3)
    sure = bare >= SURE and there >= EMPTY
    sure_min = min(SURE_MIN, was.sure_min + 1) if sure else 0
    return Lying(bare, there, sure_min, seen.at_ms if there < EMPTY else was.empty_ms)


def is_bare(now: Lying) -> bool:
    """Return True if somebody surely lies there with the cover off."""
    return now.sure_min >= SURE_MIN


def is_doubtful(now: Lying, at_ms: int) -> bool:
    """Return True if the bed may be empty, or somebody has just come back to a bed that is cold."""
    if is_bare(now) or now.there is None:
        return False
    lately = now.empty_ms is not None and at_ms - now.empty_ms <= RETURN_MS
    return now.there < EMPTY or lately


def is_covered(now: Lying) -> bool:
    """Return True if the cover is hardly off: what fell has another cause, or is over."""
    return now.bare is not None and now.bare < COVERED


def may_be_empty(now: Lying, at_ms: int) -> bool:
    """Return True if it is not likely enough for an urgent sound that somebody lies there."""
    return (now.there is not None and now.there < URGENT) or is_doubtful(now, at_ms)


def is_hardly_bare(now: Lying, seen: Observation) -> bool:
    """Return True if the cover is rather on than off: that is too little for an urgent sound.

    What has become cool slowly, beside a mat too, has another cause than the cover.
    """
    return has_hardly_fallen(seen) if now.bare is None else now.bare < LIKELY


def seems_covered(now: Lying, seen: Observation) -> bool:
    """Return True if a mat says that somebody is there, and the cover is very likely on."""
    if now.there is not None:
        return False  # there is no mat, and `is_hardly_bare` tells
    found = features(seen)
    if found is None:
        return False
    there = classifier.probability(_THERE, found)
    return classifier.probability(_BARE, found) < there * COVERED


def seems_empty(seen: Observation) -> bool:
    """Return True if the bed is as likely empty as not by all but the mat, or was until lately.

    Who comes back finds a cold bed, and a mat that has stayed pressed does not know of it.
    """
    found = features(seen)
    if found is None:
        return False
    if classifier.probability(_THERE, found) < EMPTY:
        return True
    back = found.stood_min * MINUTE_MS <= WARMS_WITHIN_MS
    return back and classifier.probability(_BARE, found) < SELDOM


def seems_there(seen: Observation) -> bool:
    """Return True if it is very likely that somebody lies there, whatever a mat says."""
    found = features(seen)
    return found is not None and classifier.probability(_THERE, found) >= URGENT
