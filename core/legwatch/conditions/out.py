"""Has the bed been empty for long at night? A mat says so, or the air and the movement together.

Without a mat it takes a sign that the cover is off or nobody lies there, nothing that speaks for
bare legs, and no movement since. A minute that leaves it open, as one without data, begins no
absence and ends none. Somebody must have lain there before.
"""

from typing import NamedTuple

from legwatch.conditions.cover import Cover
from legwatch.conditions.verdict import WELL, Figures, Reason, Rule, Severity, Verdict, unknown, yes
from legwatch.limits.rules import Rules
from legwatch.night import hour_and_night, is_within
from legwatch.observation import Observation
from legwatch.signals.occupancy import believed_mat

LAIN_MIN = 10  # who lay there for so long has gone to bed in this night
BARE = 0.05  # without a mat: so improbable it must be that somebody lies there with bare legs
QUIET_MS = 1_200_000  # ... and so long nothing may have moved
FELT_MS = 1_800_000  # whoever leaves is felt: so long before the sign something has moved
MAT, AIR = "mat", "air"  # what says that the bed is empty


class OutNight(NamedTuple):
    """One night so far; `night` is the ordinal of its date."""

    night: int = 0
    lain_min: int = 0  # somebody lay there at night; it is counted up to LAIN_MIN
    out_min: int = 0  # of the present absence, without the minutes that left it open
    by_mat: bool = False  # a mat says so; else only the air and the movement do
    empty_ms: int = 0  # when the bed was first seen to be empty; 0: it is not
    episode_ms: int = 0  # when this absence was told; 0: it was not


def update(was: OutNight, seen: Observation, cover: Cover, rules: Rules) -> OutNight:
    """Take one minute in; a minute that tells nothing changes nothing."""
    hour, night = hour_and_night(seen.at_ms, rules.zone)
    now = was if was.night == night else OutNight(night)
    there = _is_there(now, seen, cover)
    if there:
        lain_min = now.lain_min
        if lain_min < LAIN_MIN and _is_dark(hour, rules):
            lain_min += 1
        elif not now.out_min:
            return now  # as in most minutes
        return OutNight(night, lain_min)
    if there is None or now.lain_min < LAIN_MIN:
        return now
    by_mat = believed_mat(seen.occupancy) is False
    if now.out_min:
        return now._replace(out_min=now.out_min + 1, by_mat=by_mat)
    since_ms = _left_ms(seen, by_mat=by_mat)
    if not is_sleeping_time(since_ms, rules):
        return now  # up for the day
    out_min = max(1, (seen.at_ms - since_ms) // 60_000)
    return now._replace(out_min=out_min, by_mat=by_mat, empty_ms=seen.at_ms)


def judge(now: OutNight, rules: Rules) -> Verdict:
    """Judge the absence so far: YES once the bed has been empty for long enough."""
    after_s = rules.out.after_s
    if not after_s:
        return unknown(Reason.NOT_WATCHED)
    if now.out_min * 60 < after_s:
        return WELL
    rule = Rule("out.after_s", float(after_s))
    return yes(Severity.WARNING, Reason.OUT_OF_BED, None, rule, figures(now))


def figures(now: OutNight) -> Figures:
    """Return for how long the bed has been empty, and what says so."""
    return (("out_min", now.out_min), ("seen_by", MAT if now.by_mat else AIR))


def is_back(was: OutNight, now: OutNight, at_ms: int, rules: Rules) -> bool:
    """Return True if an absence that was told ends now, in the hours of the same night."""
    if not was.episode_ms or now.episode_ms or was.night != now.night:
        return False
    return _is_dark(hour_and_night(at_ms, rules.zone)[0], rules)


def is_sleeping_time(at_ms: int, rules: Rules) -> bool:
    """Return True if who gets up then has not got up for the day."""
    hour = hour_and_night(at_ms, rules.zone)[0]
    return _is_dark(hour, rules) and is_within(hour, rules.night.from_h, rules.out.until_h)


def of_night(now: OutNight, at_ms: int, rules: Rules) -> OutNight:
    """Return what is known of the night of a time; of another night nothing counts."""
    night = hour_and_night(at_ms, rules.zone)[1]
    return now if now.night == night else OutNight(night)


def _is_there(now: OutNight, seen: Observation, cover: Cover) -> bool | None:
    """Return whether somebody lies there; None: that is open.

    Air that has become the room's does not say that nobody does: the sensor may have slipped out.
    """
    occupancy = seen.occupancy
    if occupancy.mat:  # one that is contradicted leaves it open, too
        return occupancy.in_bed or None
    if believed_mat(occupancy) is False:
        return occupancy.in_bed
    if now.out_min:
        last_ms = max(seen.movement.turned_ms or 0, occupancy.entered_ms or 0)
        if last_ms > now.empty_ms:
            return True
    if _has_left(seen, cover):
        return False
    return None if now.out_min else occupancy.in_bed or None


def _has_left(seen: Observation, cover: Cover) -> bool:
    """Return True if air and movement together say that the bed was left."""
    begun, moved_ms = cover.begun, seen.movement.moved_ms
    if begun is None or cover.bare is None or cover.bare > BARE:
        return False
    if not seen.movement_known or not moved_ms or begun.since_ms - moved_ms[-1] > FELT_MS:
        return False
    return seen.at_ms - _quiet_since_ms(seen) >= QUIET_MS


def _left_ms(seen: Observation, *, by_mat: bool) -> int:
    """Return since when the bed is empty, as far as it is known."""
    if by_mat:
        return seen.occupancy.left_ms or seen.at_ms
    return _quiet_since_ms(seen)


def _quiet_since_ms(seen: Observation) -> int:
    """Return since when the movement sensor has felt nothing."""
    movement = seen.movement
    last_ms = movement.moved_ms[-1] if movement.moved_ms else 0
    return max(last_ms, movement.heard_since_ms or 0) or seen.at_ms


def _is_dark(hour: int, rules: Rules) -> bool:
    return is_within(hour, rules.night.from_h, rules.night.to_h)
