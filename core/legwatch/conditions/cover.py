"""Is the cover off? One estimate from all that is seen, in two steps.

The first step asks each minute of a fall how likely it is that the cover is off *or* nobody lies
there: air that has lost the cover or the body cools alike, so that is known early. The answer is a
sign: it stands from when it is likely until it is not. The second step asks, while a sign stands,
how likely it is that somebody lies there with bare legs: what moves, and how much, tells the two
apart the longer it lasts. lab/legwatch_lab/fit/fit_cover.py has fitted the trees of both to made
nights of two families. No night of a person is in the data.
"""

from typing import NamedTuple

from legwatch.conditions import classifier
from legwatch.conditions.cover_features import LETTERS, CoverFeatures, can_be_asked, features
from legwatch.conditions.cover_model import BARE, BARE_BASE, OFF, OFF_BASE
from legwatch.conditions.features import MINUTE_MS
from legwatch.limits.rules import Rules
from legwatch.named_tuples import maker
from legwatch.observation import Observation
from legwatch.signals.occupancy import believed_mat

LIKELY, LIKELY_MIN = 0.87, 2  # so probable, for so many minutes, it is a sign ...
CALM, CALM_MIN = 0.25, 5  # ... after so many minutes with less than this: a bed once covered
OVER, OVER_MIN = 0.2, 3  # so improbable, for so many minutes, the sign is over
SMOOTH = 0.15  # weight of a minute in the estimate of a standing sign
# An alert begins, still without a sound, when it may well be that somebody lies there with bare
# legs. How sure a sound must be falls from `warmth.change_sure` by so much while a sign stands: the
# longer legs lie bare, the more a missed sound costs. Beside a mat that says that somebody is
# there, less can go wrong.
FIRES = 0.25
FALLS, FALLS_BY_MAT = 0.33, 0.43
FIRST_MIN, LAST_MIN = 8, 18
SURE_MIN = 2  # minutes in a row
MORE_FOR_URGENT, URGENT = 0.3, 0.93  # an urgent sound must be so much surer, at most so sure


class Begun(NamedTuple):
    """What was seen when a sign began, and since."""

    since_ms: int
    above_empty_c: float
    seconds_20: float
    minutes_240: float
    most_s: float
    most_ratio: float
    onset_size: float
    onset_min: float
    moved_s: float = 0.0  # seconds with movement since
    moved_min: int = 0
    moved_ms: int | None = None
    since_most_s: float = 0.0  # of a minute since
    off: float = 0.0  # the estimate, smoothed
    over_min: int = 0  # minutes in a row in which it was improbable
    fires_min: int = 0  # minutes in a row in which somebody may well lie there, at most SURE_MIN
    sure_min: int = 0  # in which it was sure enough for a sound
    urgent_min: int = 0  # the same for an urgent one


class Cover(NamedTuple):
    """What is estimated of one bed; probabilities 0 to 1, None where nothing falls."""

    off: float | None = None  # the cover is off, or nobody lies there
    bare: float | None = None  # somebody lies there with bare legs; only while a sign stands
    likely_min: int = 0  # minutes in a row in which `off` was likely
    calm_min: int = 0  # minutes in a row in which it was not, at most CALM_MIN
    begun: Begun | None = None  # the sign that stands


class SinceFeatures(NamedTuple):
    """The features of one minute of a standing sign, behind those of CoverFeatures."""

    sign_min: float
    fallen_c: float  # since the sign
    moved_s: float
    moved_min: float
    rest_min: float  # since the last movement in it
    begun_seconds_20: float  # of CoverFeatures when it began, as the next
    begun_minutes_240: float
    begun_most_s: float
    begun_most_ratio: float
    begun_onset_size: float
    begun_onset_min: float
    share_left: float  # of the warmth above the empty bed when it began
    since_most_ratio: float  # the largest minute since, in usual turns
    smooth_off: float
    off: float


NOTHING = Cover()
_begun, _cover = maker(Begun), maker(Cover)
OFF_TREES = classifier.parse(OFF_BASE, OFF, LETTERS)
BARE_TREES = classifier.parse(BARE_BASE, BARE, LETTERS)


def estimate(was: Cover, seen: Observation, rules: Rules) -> Cover:
    """Return the estimate of this minute; a minute that cannot be judged leaves it as it was.

    A mat that is believed knows better that nobody lies there.
    """
    if not can_be_asked(seen):
        return was
    if believed_mat(seen.occupancy) is False:
        return _cover((None, None, 0, was.calm_min, None))
    found = features(seen)
    moved_s = seen.movement.total if seen.movement_known else 0.0
    if found is None:
        return calm(was, moved_s, seen.at_ms)
    now = sign(was, found, probable(found), moved_s, seen.at_ms)
    if now.begun is None:
        return now
    since = since_features(now.begun, found, now.off or 0.0, seen.at_ms)
    bare = round(classifier.probability(BARE_TREES, (*found, *since)), 3)
    least = sure(rules.warmth.change_sure, since.sign_min, by_mat=found.mat == 1)
    return now._replace(bare=bare, begun=_counted(now.begun, bare, least))


def decides(now: Cover, rules: Rules) -> bool:
    """Return True while a sign stands: then the estimate says what may sound. 1 switches it off."""
    return now.begun is not None and rules.warmth.change_sure < 1


def sees_cover(now: Cover, rules: Rules) -> bool:
    """Return True if the air has fallen, and it has been improbable for minutes that it is bare."""
    asked = now.off is not None and now.begun is None
    return asked and now.calm_min >= CALM_MIN and rules.warmth.change_sure < 1


def is_bare(now: Cover) -> bool:
    """Return True if somebody may well lie there with bare legs: enough for a silent alert."""
    return now.begun is not None and now.begun.fires_min >= SURE_MIN


def is_sure(now: Cover) -> bool:
    """Return True if that is sure enough for a sound."""
    return now.begun is not None and now.begun.sure_min >= SURE_MIN


def is_urgent(now: Cover) -> bool:
    """Return True if it is sure enough for an urgent sound."""
    return now.begun is not None and now.begun.urgent_min >= SURE_MIN


def sure(first: float, sign_min: float, *, by_mat: bool) -> float:
    """Return how sure a sound must be after a sign has stood for so long."""
    passed = min(1.0, max(0.0, (sign_min - FIRST_MIN) / (LAST_MIN - FIRST_MIN)))
    return first - passed * (FALLS_BY_MAT if by_mat else FALLS)


def _counted(begun: Begun, bare: float, least: float) -> Begun:
    """Count the minutes in which the estimate was enough for an alert, and for a sound."""
    urgent = min(URGENT, least + MORE_FOR_URGENT)
    return begun._replace(
        fires_min=in_a_row(begun.fires_min, holds=bare >= FIRES),
        sure_min=in_a_row(begun.sure_min, holds=bare >= least),
        urgent_min=in_a_row(begun.urgent_min, holds=bare >= urgent),
    )


def in_a_row(minutes: int, *, holds: bool) -> int:
    """Count a minute in which it was sure enough, up to SURE_MIN; one that was not begins anew."""
    return min(SURE_MIN, minutes + 1) if holds else 0


def probable(found: CoverFeatures) -> float:
    """Return how likely it is that the cover is off or nobody lies there, 0 to 1."""
    return round(classifier.probability(OFF_TREES, found), 3)


def sign(was: Cover, found: CoverFeatures, off: float, moved_s: float, at_ms: int) -> Cover:
    """Take a minute of a fall in, with its probability: a sign begins, goes on, or is over."""
    if was.begun is None:
        covered = was.calm_min >= CALM_MIN
        calm_min = CALM_MIN if covered else was.calm_min + 1 if off <= CALM else 0
        likely_min = was.likely_min + 1 if off >= LIKELY else 0
        begins = covered and likely_min >= LIKELY_MIN
        begun = _begins(found, off, at_ms) if begins else None
        return _cover((off, None, 0 if begins else likely_min, calm_min, begun))
    return _standing(_goes_on(was.begun, off, moved_s, at_ms), off)


def since_features(begun: Begun, found: CoverFeatures, off: float, at_ms: int) -> SinceFeatures:
    """Return the features of this minute since the sign began."""
    moved_ms = begun.since_ms if begun.moved_ms is None else begun.moved_ms
    return SinceFeatures(
        sign_min=(at_ms - begun.since_ms) / MINUTE_MS,
        fallen_c=begun.above_empty_c - found.above_empty_c,
        moved_s=begun.moved_s,
        moved_min=begun.moved_min,
        rest_min=(at_ms - moved_ms) / MINUTE_MS,
        begun_seconds_20=begun.seconds_20,
        begun_minutes_240=begun.minutes_240,
        begun_most_s=begun.most_s,
        begun_most_ratio=begun.most_ratio,
        begun_onset_size=begun.onset_size,
        begun_onset_min=begun.onset_min,
        share_left=found.above_empty_c / max(1.0, begun.above_empty_c),
        since_most_ratio=begun.since_most_s / max(1.0, found.usual_s),
        smooth_off=begun.off,
        off=off,
    )


def calm(was: Cover, moved_s: float, at_ms: int) -> Cover:
    """Take in a minute in which nothing falls: that is as calm as can be."""
    if was.begun is None:
        if was.off is None and was.calm_min == CALM_MIN:
            return was  # as in most minutes
        return _cover((None, None, 0, min(CALM_MIN, was.calm_min + 1), None))
    begun = _goes_on(was.begun, 0.0, moved_s, at_ms)._replace(fires_min=0, sure_min=0, urgent_min=0)
    return _standing(begun, None)


def _standing(begun: Begun, off: float | None) -> Cover:
    """Let a sign stand, unless it has been improbable for long enough."""
    return _cover((off, None, 0, CALM_MIN, None if begun.over_min >= OVER_MIN else begun))


def _begins(found: CoverFeatures, off: float, at_ms: int) -> Begun:
    return Begun(
        at_ms,
        round(found.above_empty_c, 3),
        found.seconds_20,
        found.minutes_240,
        found.most_s,
        round(found.most_ratio, 3),
        found.onset_size,
        found.onset_min,
        off=round(SMOOTH * off, 3),
    )


def _goes_on(was: Begun, off: float, moved_s: float, at_ms: int) -> Begun:
    seconds, minutes, moved_ms, most_s, smooth, over_min = was[8:14]
    if moved_s > 0:
        seconds, minutes, moved_ms = round(seconds + moved_s, 1), minutes + 1, at_ms
        most_s = max(most_s, moved_s)
    smooth = round(smooth + SMOOTH * (off - smooth), 3)
    over_min = over_min + 1 if off <= OVER else 0
    return _begun((*was[:8], seconds, minutes, moved_ms, most_s, smooth, over_min, *was[14:]))
