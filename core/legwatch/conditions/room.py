"""Is the room cold before bed? Without a thermometer of the room, the empty bed says it."""

from typing import NamedTuple

from legwatch.conditions.verdict import (
    WELL,
    Figures,
    Reason,
    Rule,
    Severity,
    Verdict,
    unknown,
    yes,
)
from legwatch.limits.rules import Rules
from legwatch.night import hour_and_night
from legwatch.observation import Observation

BEFORE_H = 2  # the evening begins so long before the hours of the night ...
NOON_H = 12  # ... but not in the morning; it ends at midnight, or when somebody gets in


class Evening(NamedTuple):
    """One evening so far; `night` is the ordinal of its date."""

    night: int = 0
    cold_min: int = 0  # cold without a warmer minute between
    over: bool = False  # it was told, or somebody has got in


def update(was: Evening, seen: Observation, rules: Rules) -> Evening:
    """Take one minute in; a minute that tells nothing changes nothing."""
    hour, night = hour_and_night(seen.at_ms, rules.zone)
    if hour < NOON_H or hour < rules.night.from_h - BEFORE_H:
        return was
    now = was if was.night == night else Evening(night)
    if now.over:
        return now
    if seen.occupancy.in_bed:
        return now._replace(over=True)
    celsius = _air(seen)[1]
    if celsius is None:
        return now
    cold_min = now.cold_min + 1 if celsius < rules.evening.room_c else 0
    return now if cold_min == now.cold_min else now._replace(cold_min=cold_min)


def judge(now: Evening, seen: Observation, rules: Rules) -> Verdict:
    """Judge the minute: YES once the room has been cold for long enough."""
    limit_c = rules.evening.room_c
    name, celsius = _air(seen)
    if not limit_c or celsius is None:
        return unknown(Reason.NO_READINGS if limit_c else Reason.NOT_WATCHED)
    if now.cold_min * 60 < rules.evening.room_s:
        return WELL
    evidence: Figures = ((name, celsius),)
    rule = Rule("evening.room_c", limit_c)
    return yes(Severity.LOG, Reason.COLD_EVENING, None, rule, evidence)


def _air(seen: Observation) -> tuple[str, float | None]:
    """Return what is measured, the room or the empty bed, and its temperature."""
    if seen.room.expected:
        doubted = seen.room_warmth.doubted_ms is not None
        return "room_c", None if doubted else seen.room.celsius
    occupancy = seen.occupancy
    empty = occupancy.in_bed is False or (occupancy.in_bed is None and occupancy.lost_ms is None)
    return "bed_c", seen.leg.celsius if empty and not seen.leg_stuck else None
