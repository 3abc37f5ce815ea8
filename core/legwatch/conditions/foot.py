"""Is a foot alone bare? The air by the calf stays warm then; only a thermometer by the ankle tells.

Its air has a course and an estimate of the cover of its own, by the trees that are fitted to the
air by the calf. That the air by the calf stays warm shows that somebody lies there: so what the
estimate says of "the cover is off or nobody lies there" is said of the foot. A bed without such a
thermometer has no Foot, and nothing here is asked of it.
"""

from collections.abc import Sequence
from typing import NamedTuple

from legwatch.conditions import cold, warming
from legwatch.conditions import cover as covers
from legwatch.conditions.cold_memory import ColdMinute, has_held
from legwatch.conditions.cover import Cover
from legwatch.conditions.features import MINUTE_MS
from legwatch.conditions.verdict import (
    YES,
    Figures,
    Firing,
    Reason,
    Rule,
    Severity,
    Verdict,
    no,
    unknown,
    yes,
)
from legwatch.conditions.warming import Warming
from legwatch.events import Window
from legwatch.limits.rules import Rules
from legwatch.observation import Observation
from legwatch.signals import ankle as ankles
from legwatch.signals.ankle import Ankle
from legwatch.signals.occupancy import believed_mat

# For so many minutes there must be a sign here and none at the calf: a bed whose cover is off, or
# that was left, has cooled there, too, by then. If it is not known whether it was left, that takes
# longer.
ALONE_MIN, UNSURE_MIN = 8, 15
BACK_C = 1.0  # so near to its warmest the air is as it was
# So long the air must have risen before what the estimate sees may end an alert: who has covered a
# foot for some minutes only has not slept on.
RISING_S = 480


class Foot(NamedTuple):
    """What is known of the air by the ankle; every `*_ms` is since when something has held."""

    ankle: Ankle = Ankle()
    cover: Cover = covers.NOTHING
    alone_min: int = 0  # minutes in a row with a sign here and none at the calf
    sure_min: int = 0  # minutes in a row in which it was sure enough for a sound
    warming: Warming = warming.NOTHING
    outside_ms: int | None = None  # its air is the room's, beside a sleeper
    sign_ms: int = 0  # the last sign that was told
    told_ms: int = 0  # when it was told last that the thermometer is of no use


NOTHING = Foot()


def update(
    was: Foot | None, windows: Sequence[Window], now: ColdMinute, rules: Rules, *, firing: bool
) -> Foot | None:
    """Take a minute in; None: the bed has no thermometer by the ankle.

    `firing`: an alert on a foot stands.
    """
    if was is None:
        if not ankles.samples(windows):
            return None
        was = NOTHING
    seen = now.seen
    moved_s = seen.movement.total if windows else 0.0
    ankle = ankles.update(was.ankle, windows, moved_s, seen.at_ms, rules.health)
    there = seen._replace(
        leg=ankle.air, leg_c=ankle.air.celsius, course=ankle.course, bouts=ankle.bouts
    )
    outside_ms = _outside_ms(was.outside_ms, there, rules)
    outside = has_held(outside_ms, rules.health.slipped_s, seen.at_ms)
    cover = covers.NOTHING if outside else covers.estimate(was.cover, there, rules)
    alone = cover.begun is not None and _are_covered(now)
    alone_min = min(UNSURE_MIN, was.alone_min + 1) if alone else 0
    return was._replace(
        ankle=ankle,
        cover=cover,
        alone_min=alone_min,
        sure_min=covers.in_a_row(was.sure_min, holds=_is_sure(cover, there, rules)),
        warming=(warming.update(was.warming, ankle.air, seen.at_ms) if firing else warming.NOTHING),
        outside_ms=outside_ms,
    )


def judge(now: ColdMinute, foot: Foot | None, rules: Rules, firing: Firing | None) -> Verdict:
    """Judge whether legs or a foot are cold; the legs come first.

    An alert on a foot does not change how the legs are judged.
    """
    by_foot = is_of_foot(firing)
    if foot is None and not by_foot:
        return cold.judge(now, rules, firing)
    legs = cold.judge(now, rules, None if by_foot else firing)
    if by_foot and legs.holds is YES and legs.severity is not Severity.URGENT:
        return legs._replace(since_ms=None)  # the alert stands; what more it says, the next minute
    if firing and not by_foot:
        return _not_over(legs, foot, now.seen, rules)
    if legs.holds is YES:
        return legs
    if legs.reason in (Reason.LEFT_BED, Reason.WARM_ROOM) or foot is None:
        return legs
    return _standing(foot, now.seen, rules) if by_foot else _begun(foot, now.seen, rules) or legs


def is_of_foot(firing: Firing | None) -> bool:
    """Return True if the alert is on a bare foot alone."""
    return firing is not None and firing.reason is Reason.FOOT_BARE


def sign_ms(foot: Foot) -> int | None:
    """Return since when a sign stands that a foot alone is bare, UTC ms; None: there is none."""
    begun = foot.cover.begun
    return begun.since_ms if begun is not None and foot.alone_min else None


def is_blind(foot: Foot, seen: Observation, rules: Rules) -> bool:
    """Return True if the thermometer does not show the air by the ankle of a sleeper.

    It lies in the room's air, or gives one value again and again.
    """
    if not seen.settled:
        return False
    same_ms, health = foot.ankle.air.same_since_ms, rules.health
    frozen = foot.ankle.air.celsius is not None and has_held(same_ms, health.stuck_s, seen.at_ms)
    return frozen or has_held(foot.outside_ms, health.slipped_s, seen.at_ms)


def sure(foot: Foot, seen: Observation, rules: Rules) -> Figures:
    """Return how sure it is that the foot is bare, and from how sure on it sounds after so long."""
    begun = foot.cover.begun
    if begun is None:
        return ()
    enough = _enough(begun.since_ms, seen, rules)
    return (("sure_pct", round(100 * begun.off)), ("enough_pct", round(100 * enough)))


def rule(foot: Foot, rules: Rules) -> Rule | None:
    """Return the limit that lets an alert on a foot sound; None: it is not sure enough for it."""
    is_sure = foot.sure_min >= covers.SURE_MIN
    return Rule("warmth.change_sure", rules.warmth.change_sure) if is_sure else None


def figures(foot: Foot, at_ms: int) -> Figures:
    """Return from what the air by the ankle has fallen, as its thermometer tells, and for how long.

    Empty without a reading.
    """
    c, course = foot.ankle.air.celsius, foot.ankle.course
    if c is None or course.at_ms != at_ms:
        return ()
    fell_min = (at_ms - course.peak_ms) // MINUTE_MS
    high_c = round(course.peak_c, 1)
    return (("ankle_c", c), ("ankle_high_c", high_c), ("ankle_fell_min", fell_min))


def _not_over(legs: Verdict, foot: Foot | None, seen: Observation, rules: Rules) -> Verdict:
    """Let no alert on the legs end as warm while a foot is bare still: nobody gets an all-clear."""
    if foot is None or legs.reason not in (Reason.WARM_AGAIN, Reason.WARMING):
        return legs
    if foot.cover.begun is None or _off(foot) < covers.FIRES or is_blind(foot, seen, rules):
        return legs
    return yes(Severity.WARNING, Reason.FOOT_BARE, None)


def _are_covered(now: ColdMinute) -> bool:
    """Return True if the thermometer by the legs shows no sign, and may be by the legs."""
    seen, memory = now.seen, now.memory
    if seen.leg_c is None or seen.occupancy.in_bed is False:
        return False
    return memory.cover.begun is None and memory.displaced_since_ms is None


def _begun(foot: Foot, seen: Observation, rules: Rules) -> Verdict | None:
    """Return YES if a foot has been bare alone for long enough for an alert."""
    if not _is_alone(foot, seen) or rules.warmth.change_sure >= 1 or _off(foot) < covers.FIRES:
        return None
    if is_blind(foot, seen, rules) or cold.has_just_got_in(seen, rules):
        return None
    if not rules.alerts.wait_s and rule(foot, rules) is None:
        return None  # it would sound at once
    return yes(Severity.WARNING, Reason.FOOT_BARE, foot.ankle.course.peak_ms)


def _standing(foot: Foot, seen: Observation, rules: Rules) -> Verdict:
    """Judge an alert on a foot: only air that becomes warm again ends it."""
    air, course = foot.ankle.air, foot.ankle.course
    if air.celsius is None or is_blind(foot, seen, rules):
        return unknown(Reason.ANKLE_BLIND)
    rises = foot.warming.since_ms is not None
    if air.celsius >= course.peak_c - BACK_C:
        return no(Reason.FOOT_WARM)
    back = foot.cover.begun is None and has_held(foot.warming.since_ms, RISING_S, seen.at_ms)
    if back or warming.is_steady(foot.warming, seen.at_ms):
        return no(Reason.FOOT_COVERED)
    sounds = _is_alone(foot, seen) and foot.sure_min >= covers.SURE_MIN and not rises
    return yes(Severity.WARNING, Reason.FOOT_BARE, course.peak_ms if sounds else None)


def _is_alone(foot: Foot, seen: Observation) -> bool:
    return foot.alone_min >= (ALONE_MIN if seen.settled else UNSURE_MIN)


def _is_sure(cover: Cover, there: Observation, rules: Rules) -> bool:
    """Return True if it is sure enough for a sound; that takes less the longer a sign stands."""
    begun = cover.begun
    return begun is not None and begun.off >= _enough(begun.since_ms, there, rules)


def _enough(since_ms: int, seen: Observation, rules: Rules) -> float:
    """Return how sure a sound must be after a sign has stood since then."""
    by_mat = believed_mat(seen.occupancy) is True
    sign_min = (seen.at_ms - since_ms) / MINUTE_MS
    return covers.sure(rules.warmth.change_sure, sign_min, by_mat=by_mat)


def _off(foot: Foot) -> float:
    return 0.0 if foot.cover.begun is None else foot.cover.begun.off


def _outside_ms(was_ms: int | None, there: Observation, rules: Rules) -> int | None:
    """Return since when the air of the thermometer is the room's, beside somebody in a warm bed."""
    c, room_c = there.leg_c, there.room.celsius
    if c is None or room_c is None or not there.settled or room_c >= rules.warmth.warm_room_c:
        return None
    if c - room_c > rules.warmth.slipped_c:
        return None
    return was_ms or there.at_ms
