"""What makes legs cold: a cover that is off, a bed or a room that cools, a bed that never warms."""

from legwatch.conditions.cold_memory import ColdMemory, ColdMinute, has_held
from legwatch.conditions.verdict import (
    Reason,
    Rule,
    Severity,
    Verdict,
    yes,
)
from legwatch.limits.rules import Rules
from legwatch.signals import contrast_fall as falls
from legwatch.signals.movement import is_restless

ON_SKIN_MS = falls.KEPT * 60_000  # what is remembered before a fall
# From under a leg to under a cover is a fall, too. After a leg on the sensor, only less than this
# counts as uncovered: covers keep 0.55-0.9, uncovered legs 0.2-0.4 (JOS-3 runs).
RELEASED_K = 0.65
WANES_MS = 960_000  # so long after it began, a fall must have gone below what is usual


def cause(now: ColdMinute, rules: Rules) -> Verdict | None:
    """Return what makes the legs cold now, most important first, or None."""
    memory, seen, limits = now.memory, now.seen, rules.warmth
    late = has_held(memory.entered_ms, limits.cold_start_s, seen.at_ms)
    warms = memory.warming.over  # the cover is back, and the bed is still on its way
    urgent = not warms and has_held(memory.urgent_ms, limits.urgent_hold_s, seen.at_ms)
    if urgent and (memory.warmed or late):  # give a bed time to warm before an urgent alert
        reason = cooling_reason(memory, seen.at_ms, rules)
        rule = Rule("warmth.urgent_c", limits.urgent_c)
        return yes(Severity.URGENT, reason, memory.urgent_ms, rule)
    if warms:
        return None
    if not memory.warmed:
        return _cold_start(now, rules)
    if not is_cool(memory) or falls.is_rising(memory.fall):
        return None  # warm, or it warms again
    return _has_cooled(now, rules) or _in_cold_room(now, rules)


def is_cool(memory: ColdMemory) -> bool:
    """Return True if the air or the room is cold by any limit, for however short a time."""
    return (
        memory.fallen_ms is not None
        or memory.contrast_ms is not None
        or memory.plain_ms is not None
        or memory.cold_room_ms is not None
    )


def is_usual(now: ColdMinute, rules: Rules) -> bool:
    """Return True if the air has only come back to what this night has shown under the cover.

    It falls when a leg that has lain on the sensor moves away, or as a bottle cools.
    """
    memory, k, age_ms = now.memory, now.seen.k, now.seen.at_ms - now.seen.course.peak_ms
    on_skin = (memory.on_skin_ms or 0) > now.seen.course.peak_ms - ON_SKIN_MS
    if on_skin and k is not None and k > RELEASED_K:
        return True
    usual, course_c = memory.contrast.baseline, memory.fall.contrasts_c
    if usual is None or not course_c or not (on_skin or age_ms >= WANES_MS):
        return False
    return course_c[-1] > (1 - rules.warmth.change_share) * usual.lower_c


def _has_cooled(now: ColdMinute, rules: Rules) -> Verdict | None:
    memory, seen, limits = now.memory, now.seen, rules.warmth
    tossing = seen.turned_ms is None or is_restless(seen.movement, seen.at_ms, limits.restless_s)
    longer = 2 if tossing else 1
    for since, hold_s, path, value in (
        (memory.fallen_ms, limits.warn_hold_s, "warmth.warn_drop_c", limits.warn_drop_c),
        (memory.contrast_ms, limits.warn_hold_s, "warmth.contrast_k", limits.contrast_k),
        (memory.plain_ms, limits.plain_hold_s, "warmth.plain_c", limits.plain_c),
    ):
        # What a bed has from being left for a while counts only once it has had time to warm.
        if since is not None and has_held(
            max(since, seen.occupancy.settled_ms), longer * hold_s, seen.at_ms
        ):
            reason = cooling_reason(memory, seen.at_ms, rules)
            return yes(Severity.WARNING, reason, since, Rule(path, value))
    return None


def _in_cold_room(now: ColdMinute, rules: Rules) -> Verdict | None:
    since_ms, limits = now.memory.cold_room_ms, rules.warmth
    cool = now.seen.leg_c is not None and now.seen.leg_c < limits.warn_c
    if not cool or not has_held(since_ms, limits.cold_room_s, now.seen.at_ms):
        return None
    rule = Rule("warmth.cold_room_c", limits.cold_room_c)
    return yes(Severity.WARNING, Reason.COLD_ROOM, since_ms, rule)


def _cold_start(now: ColdMinute, rules: Rules) -> Verdict | None:
    memory, seen, limits = now.memory, now.seen, rules.warmth
    if memory.plain_ms is None or memory.entered_ms is None:
        return None
    if seen.leg_c is None or not seen.leg.recent_c:
        return None
    warmest_c = max(seen.leg.recent_c) - (seen.leg.celsius or 0.0) + seen.leg_c  # of twenty minutes
    late = has_held(memory.entered_ms, limits.cold_start_s, seen.at_ms)
    if not late or warmest_c >= limits.cold_start_c:
        return None
    if memory.fall.since_ms is not None or falls.is_rising(memory.fall):
        return None  # a cover that is lifted for a moment says nothing about the bed
    moved_ms = seen.movement.moved_ms
    awake = seen.at_ms - (moved_ms[-1] if moved_ms else 0) <= limits.wakeful_s * 1000
    severity = Severity.WARNING if awake else Severity.LOG
    rule = Rule("warmth.cold_start_s", float(limits.cold_start_s))
    return yes(severity, Reason.COLD_START, memory.plain_ms, rule)


def cooling_reason(memory: ColdMemory, at_ms: int, rules: Rules) -> Reason:
    """Return the likely cause of the cold; a draught is only ever a possible cause."""
    if not memory.warmed:
        return Reason.COLD_START
    if memory.draught_ms is not None and has_held(memory.draught_ms, rules.warmth.draught_s, at_ms):
        return Reason.DRAUGHT
    recent_ms = 2 * rules.warmth.plain_hold_s * 1000
    if memory.dropped_ms is not None and at_ms - memory.dropped_ms <= recent_ms:
        return Reason.UNCOVERED
    return Reason.COOLED


def uncovered_reason(memory: ColdMemory, at_ms: int, rules: Rules) -> Reason:
    """Return the likely cause of a fall: the cover is off, or there is a draught, too."""
    draught = cooling_reason(memory, at_ms, rules) is Reason.DRAUGHT
    return Reason.DRAUGHT if draught else Reason.UNCOVERED
