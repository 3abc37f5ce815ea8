"""Are the legs cold? Judged on the air beside them, never on skin; limits in config/profiles."""

from legwatch.conditions import (
    cold_and_still,
    cover,
    cover_reasons,
    displaced,
    lying,
    warming,
    witness,
)
from legwatch.conditions.cold_causes import (
    cause,
    cooling_reason,
    is_cool,
    is_usual,
    uncovered_reason,
)
from legwatch.conditions.cold_memory import ColdMinute, has_held
from legwatch.conditions.features import MINUTE_MS
from legwatch.conditions.verdict import (
    COVERED,
    LEFT_BED,
    RANK,
    WARM,
    YES,
    Firing,
    Reason,
    Rule,
    Severity,
    Verdict,
    no,
    unknown,
    yes,
)
from legwatch.limits.rules import Rules
from legwatch.observation import Observation
from legwatch.signals import contrast
from legwatch.signals import contrast_fall as falls
from legwatch.signals.occupancy import has_returned, may_have_left
from legwatch.signals.thermometer import rise_10_min_c

RESTED_MS = 1_200_000  # who lies uncovered seldom lies longer without any movement
LEFT_MS = 600_000  # so long out of bed ends an alert ...
LEFT_FOR_GOOD_MS = 1_800_000  # ... or so long, if all but the mat shows somebody there
RETURNED_MS = 3_600_000  # so long a bed that was left may be cold under the cover
SLOW = (Reason.COLD_START, Reason.COLD_ROOM)  # these wait for long enough by their own limits
OF_COVER = (Reason.UNCOVERED, Reason.DRAUGHT)
OF_LEVEL = (Reason.COOLED, Reason.COLD_START, Reason.COLD_ROOM)  # causes other than the cover


def judge(now: ColdMinute, rules: Rules, firing: Firing | None) -> Verdict:
    """Judge whether the legs are cold."""
    verdict = _judge(now, rules, firing)
    if not firing and verdict.holds is not YES:
        return verdict  # as in most minutes
    if verdict.warming:
        return verdict
    reason = firing.reason if firing else verdict.reason
    if cover.decides(now.memory.cover, rules) or (reason in OF_COVER and verdict.rule is None):
        return _of_cover(verdict, now, rules, firing)
    if may_be_empty(now, rules):
        # It is not known that somebody is there.
        quiet = lying.is_doubtful(now.memory.lying, now.seen.at_ms)
        return _no_more_than_a_warning(verdict, firing, quiet=quiet)
    if reason in OF_COVER and lying.is_covered(now.memory.lying):
        return _no_more_than_a_warning(verdict, firing, quiet=True)
    if lying.is_hardly_bare(now.memory.lying, now.seen):
        if reason in OF_LEVEL:
            return verdict  # as cold as its limit says, whatever the cause
        return _no_more_than_a_warning(verdict, firing, quiet=_is_urgent(firing))
    if reason is Reason.DRAUGHT and lying.seems_covered(now.memory.lying, now.seen):
        return _no_more_than_a_warning(verdict, firing, quiet=_is_urgent(firing))
    return cold_and_still.escalated(verdict, now.seen, rules, firing) if firing else verdict


def _of_cover(verdict: Verdict, now: ColdMinute, rules: Rules, firing: Firing | None) -> Verdict:
    """Say no more than the estimate is sure of: the bed may be empty, and cold for that."""
    if not firing and not cover.is_bare(now.memory.cover):
        return unknown(Reason.PRESENCE_UNSURE)
    if not is_likely(now, rules):
        quiet = not cover.is_sure(now.memory.cover) or _is_urgent(firing)
        return _no_more_than_a_warning(verdict, firing, quiet=quiet)
    return cold_and_still.escalated(verdict, now.seen, rules, firing) if firing else verdict


def is_likely(now: ColdMinute, rules: Rules) -> bool:
    """Return True if it is sure enough for an urgent sound that bare legs lie there."""
    return cover.is_urgent(now.memory.cover) and not _mat_may_err(now, rules)


def _no_more_than_a_warning(verdict: Verdict, firing: Firing | None, *, quiet: bool) -> Verdict:
    """Escalate nothing; `quiet`: there is no reason to say more, and none to sound."""
    if verdict.severity is Severity.URGENT and not _is_urgent(firing):
        verdict = verdict._replace(severity=Severity.WARNING)
    return verdict._replace(since_ms=None) if firing and quiet else verdict


def may_be_answered(now: ColdMinute, rules: Rules) -> bool:
    """Return True if it is likely that somebody lies there and could answer an alert."""
    memory = now.memory
    if cover.decides(memory.cover, rules):
        there = now.seen.occupancy.mat is True and cover.is_sure(memory.cover)
        return is_likely(now, rules) or (there and not _mat_may_err(now, rules))
    return not lying.is_hardly_bare(memory.lying, now.seen) and not may_be_empty(now, rules)


def may_be_empty(now: ColdMinute, rules: Rules) -> bool:
    """Return True if the bed may be empty, or may be cold only because it was.

    A mat may say "occupied" of an empty bed: then somebody got up by the movement sensor and
    nothing has moved since, or air and movement together say so. Without a mat, the bed may be
    empty as long as it is not very likely that somebody lies there.
    """
    return lying.may_be_empty(now.memory.lying, now.seen.at_ms) or _mat_may_err(now, rules)


def _mat_may_err(now: ColdMinute, rules: Rules) -> bool:
    """Return True if a mat that says "occupied" may do so of an empty bed."""
    seen, movement = now.seen, now.seen.movement
    if seen.occupancy.mat is None or not movement.counts or not movement.moved_ms:
        return False
    if lying.seems_empty(seen):
        return True
    rested = seen.at_ms - movement.moved_ms[-1] >= RESTED_MS
    return rested and may_have_left(movement, seen.occupancy, rules)


def _is_urgent(firing: Firing | None) -> bool:
    return firing is not None and firing.severity is Severity.URGENT


def _judge(now: ColdMinute, rules: Rules, firing: Firing | None) -> Verdict:
    seen, memory, limits = now.seen, now.memory, rules.warmth
    doubt = _doubt(now, rules, firing)
    if doubt is not None:
        return doubt
    if memory.displaced_since_ms is not None:
        return unknown(Reason.DISPLACED)
    blind = witness.cannot_see(seen)
    if blind is not None:
        return unknown(blind)
    if not firing:
        bare = _bare(now, rules, told=True)
        if not seen.settled and bare is None:
            return unknown(Reason.SETTLING)
        nothing = memory.fall.since_ms is None and memory.urgent_ms is None
        if bare is None and nothing and not is_cool(memory):
            return WARM  # as in most minutes: no rule below can say anything else
        if _may_be_displaced(now, rules):
            return unknown(Reason.DISPLACED)
        found = bare or cause(now, rules)
        if bare is None and found is not None and _seems_covered(now, found, rules):
            return unknown(Reason.SETTLING)  # it is cold, and will be warm
        doubtful = bare is None and lying.is_doubtful(memory.lying, seen.at_ms)
        if found is not None and doubtful and not rules.alerts.wait_s:
            return unknown(Reason.PRESENCE_UNSURE)  # it would sound at once
        if found is None or bare or _alive(seen, found.since_ms, rules):
            return found or WARM
        return unknown(Reason.PRESENCE_UNSURE)
    if has_held(memory.warm_ms, limits.clear_hold_s, seen.at_ms):
        return WARM
    if warming.is_steady(memory.warming, seen.at_ms):
        return COVERED
    found = cause(now, rules) or _bare(now, rules, told=False)
    still = _still_cold(now, found, rules, firing.severity)
    reason = still.reason
    if reason in (Reason.COOLED, Reason.COLD_START) and firing.reason in OF_COVER:
        reason = firing.reason  # what began it is not forgotten while the alert stands
    still = still._replace(reason=reason, ending=memory.warm_ms is not None)
    if memory.warming.since_ms is not None and not memory.warming.over:
        return _calmed(still, firing)
    return still._replace(again=True) if warming.has_fallen(memory.warming) else still


def _calmed(verdict: Verdict, firing: Firing) -> Verdict:
    """Raise and repeat nothing while the legs become warm."""
    severity = min(verdict.severity, firing.severity, key=RANK.__getitem__)
    return verdict._replace(severity=severity, since_ms=None, warming=True)


def _doubt(now: ColdMinute, rules: Rules, firing: Firing | None) -> Verdict | None:
    """Return a verdict if nobody can be judged to be cold: no sleeper, no reading, a warm room."""
    seen = now.seen
    if seen.occupancy.in_bed is False:
        left_ms = seen.occupancy.left_ms
        # A mat that lets go at a turn must not end an alert over bare legs.
        if firing and left_ms is not None and _may_lie_there(seen, seen.at_ms - left_ms):
            return yes(firing.severity, firing.reason or Reason.COOLED, None)
        return LEFT_BED
    if seen.leg_c is None:
        return unknown(Reason.NO_READINGS)
    unsure = seen.occupancy.in_bed is None or seen.occupancy.entered_ms is None
    if unsure and not cover.is_bare(now.memory.cover):
        return unknown(Reason.PRESENCE_UNSURE)
    warm_c = rules.warmth.warm_room_c
    if seen.room_measured and seen.room_c is not None and seen.room_c >= warm_c:
        return no(Reason.WARM_ROOM)
    return None


def _may_lie_there(seen: Observation, left_ms: int) -> bool:
    """Return True if a bed that was left so long ago may have somebody in it all the same."""
    return left_ms < LEFT_MS or (left_ms < LEFT_FOR_GOOD_MS and lying.seems_there(seen))


def _still_cold(now: ColdMinute, found: Verdict | None, rules: Rules, firing: Severity) -> Verdict:
    """Judge a firing alert: it stays firing after the air stops falling; only warming ends it."""
    memory, at_ms, limits = now.memory, now.seen.at_ms, rules.warmth
    since_ms = found.since_ms if found else falls.still_low_since_ms(memory.fall, limits)
    if rise_10_min_c(now.seen.leg) >= limits.recover_c:
        since_ms = None  # no reason to say more
    least = firing
    if firing is Severity.URGENT and has_held(memory.less_urgent_ms, limits.clear_hold_s, at_ms):
        least = Severity.WARNING
    if found is None:
        return yes(least, cooling_reason(memory, at_ms, rules), since_ms)
    if RANK[found.severity] < RANK[least]:
        return yes(least, found.reason, since_ms, found.rule, found.evidence)
    return found._replace(since_ms=since_ms)


def _may_be_displaced(now: ColdMinute, rules: Rules) -> bool:
    if now.memory.fall.since_ms is None or now.seen.room_c is None or not now.seen.room_measured:
        return False
    stretch = contrast.span_ratio(now.memory.contrast, now.seen.room_c)
    return displaced.may_be_displaced(now.fall, stretch, rules.warmth)


def _bare(now: ColdMinute, rules: Rules, *, told: bool) -> Verdict | None:
    """Return YES if somebody may well lie there with bare legs; `told`: with what counted most.

    That takes ten times as long as the estimate itself.
    """
    memory, seen = now.memory, now.seen
    if not cover.is_bare(memory.cover):
        return None  # as in most minutes
    limit = rules.warmth.change_sure
    if limit >= 1 or has_just_got_in(seen, rules) or is_usual(now, rules):
        return None
    reason = uncovered_reason(memory, seen.at_ms, rules)
    rule = Rule("warmth.change_sure", limit) if cover.is_sure(memory.cover) else None
    figures = cover_reasons.of_alert(memory.cover, seen) if told else ()
    return yes(Severity.WARNING, reason, seen.course.peak_ms, rule, figures)


def _seems_covered(now: ColdMinute, found: Verdict, rules: Rules) -> bool:
    """Return True while the estimate sees a cover over air that is below a limit.

    It is so after somebody has come back to a cold bed, and when the cover was lifted for a moment.
    What stays cold is told all the same: the estimate may err, too.
    """
    if found.reason in SLOW or not cover.sees_cover(now.memory.cover, rules):
        return False
    seen = now.seen
    if rise_10_min_c(seen.leg) >= rules.warmth.recover_c:
        return True
    since_ms = max(found.since_ms or 0, seen.occupancy.entered_ms or 0)
    return has_returned(seen.occupancy, rules) and seen.at_ms - since_ms < RETURNED_MS


def has_just_got_in(seen: Observation, rules: Rules) -> bool:
    """Return True while a bed that somebody has got into may still be cold."""
    entered_ms, limits = seen.occupancy.entered_ms, rules.warmth
    settle_s = limits.settle_return_s if has_returned(seen.occupancy, rules) else limits.settle_s
    return entered_ms is not None and seen.at_ms - entered_ms < settle_s * 1000


def _alive(seen: Observation, since_ms: int | None, rules: Rules) -> bool:
    """Return True if somebody is surely in bed: there is a mat, nobody got up, or somebody moved.

    Without a mat an uncovered sleeper and an empty bed cool alike. What fell while nothing was
    measured may be either.
    """
    if seen.occupancy.mat is not None or since_ms is None:
        return True
    movement = seen.movement
    moved = bool(movement.moved_ms) and movement.moved_ms[-1] > since_ms
    good_ms = seen.leg.good_since_ms
    if good_ms is not None and 0 <= since_ms - good_ms <= MINUTE_MS:
        return moved
    if movement.counts:
        return not may_have_left(movement, seen.occupancy, rules)
    return moved
