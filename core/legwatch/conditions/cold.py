"""Are the legs cold? Judged on the air beside them, never on skin; limits in config/profiles."""

from functools import cached_property
from typing import NamedTuple

from legwatch.conditions import cold_and_still, lying, uncovered, witness
from legwatch.conditions.features import MINUTE_MS
from legwatch.conditions.lying import Lying
from legwatch.conditions.uncovered import FallMinute
from legwatch.conditions.verdict import (
    LEFT_BED,
    RANK,
    WARM,
    Firing,
    Reason,
    Rule,
    Severity,
    TriState,
    Verdict,
    no,
    unknown,
    yes,
)
from legwatch.limits.rules import Rules
from legwatch.middle import median
from legwatch.named_tuples import maker
from legwatch.observation import Observation
from legwatch.signals import contrast
from legwatch.signals import contrast_fall as falls
from legwatch.signals.bed_warmth import relative_warmth
from legwatch.signals.contrast import Contrast
from legwatch.signals.contrast_fall import Fall
from legwatch.signals.movement import is_restless
from legwatch.signals.occupancy import GAP_MS, Occupancy, has_returned, may_have_left
from legwatch.signals.thermometer import rise_10_min_c

NO_FALL_MARGIN_C = 1.0  # above plain_c, so that the end of an alert does not fire the next alert
BACK_IN_BED_C = 0.5  # a displaced sensor is back in the bed from so much more on
ON_SKIN_MS = falls.KEPT * 60_000  # what is remembered before a fall
MARK_MS = 180_000  # the baseline remembers one mark every three minutes
WARMEST_K = 0.88  # a sensor lain upon, or beside a bottle, is no measure of a covered bed
ON_SKIN_K = 0.97  # nearly as warm as skin is no air under a cover, but a leg upon the sensor
# From under a leg to under a cover is a fall, too. After a leg on the sensor, only less than this
# counts as uncovered: covers keep 0.55-0.9, uncovered legs 0.2-0.4 (JOS-3 runs).
RELEASED_K = 0.65
# A shorter time without any window is bridged: what held before it and holds after it, held.
BRIDGED_MS = 600_000
RESTED_MS = 1_200_000  # who lies uncovered seldom lies longer without any movement
LEFT_MS = 600_000  # so long out of bed ends an alert
OF_COVER = (Reason.UNCOVERED, Reason.DRAUGHT)
OF_LEVEL = (Reason.COOLED, Reason.COLD_START, Reason.COLD_ROOM)  # causes other than the cover
OWN_SHARE = 0.4  # of a fall of the contrast that the air by the legs itself must have fallen by


class ColdMemory(NamedTuple):
    """The memory of the warmth rules; every `*_ms` is since when something has held, or None."""

    entered_ms: int | None = None  # the stay (its entry) that this memory belongs to
    baseline_samples_c: tuple[float, ...] = ()
    baseline_c: float | None = None  # median of the warmer half of the marks
    warmed: bool = False  # the bed has been warm since entry
    fallen_ms: int | None = None
    plain_ms: int | None = None
    contrast_ms: int | None = None
    urgent_ms: int | None = None
    cold_room_ms: int | None = None
    draught_ms: int | None = None
    dropped_ms: int | None = None  # when the air last fell as it does under a lifted cover
    warm_ms: int | None = None
    less_urgent_ms: int | None = None
    fall: Fall = falls.NOTHING
    displaced_since_ms: int | None = None  # bed air as cold as room air since, with somebody in bed
    contrast: Contrast = contrast.NOTHING
    on_skin_ms: int | None = None  # when the air was last as warm as skin
    before_fall_c: float | None = None  # the air by the legs before the present fall
    lying: Lying = lying.NOTHING


_memory = maker(ColdMemory)


class ColdMinute:
    """One minute as the rules for cold legs read it; `memory` has taken the minute in."""

    def __init__(self, memory: ColdMemory, seen: Observation) -> None:
        self.memory = memory
        self.seen = seen

    @cached_property
    def fall(self) -> FallMinute:
        """The memory's fall, with its features and probabilities."""
        baseline = self.memory.contrast.baseline
        return FallMinute(self.memory.fall, baseline, self.seen.turned_ms, self.seen.at_ms)


def update(before: ColdMemory, seen: Observation, rules: Rules, *, firing: bool) -> ColdMemory:
    """Take one minute in. A warm, occupied minute adds to the baseline; a cold one does not."""
    at_ms, c, occupancy = seen.at_ms, seen.leg_c, seen.occupancy
    if c is None and not seen.leg_stuck and occupancy.in_bed is not False:
        hole_ms = at_ms - (seen.leg.good_ms or 0)
        if MINUTE_MS <= hole_ms <= BRIDGED_MS:
            return before._replace(fall=falls.waiting(before.fall))
        if hole_ms <= GAP_MS:
            return before  # what stood before the gap is asked again after it
    if occupancy.entered_ms not in (None, before.entered_ms):
        before = _on_entry(before, occupancy, rules)
    if before.fall.notified and not firing:
        before = _without_cover(before)
    if c is None or occupancy.in_bed is False:
        return _without_sleeper(before, seen, firing=firing)
    night = contrast.begin(before.contrast, seen.room_c)
    contrast_c = contrast.normalized(night, seen.contrast_c, seen.room_c)
    was = before.fall
    if contrast_c is not None and at_ms - (seen.leg.good_since_ms or 0) < MINUTE_MS:
        was = falls.bridged(was, contrast_c)
    fall = falls.update(was, contrast_c, at_ms, firing=firing)
    return _with_sleeper(before, seen, c, (night, contrast_c, fall), rules, firing=firing)


def _without_cover(before: ColdMemory) -> ColdMemory:
    """Forget the baselines after an alert: the cover may lie otherwise now."""
    return before._replace(
        baseline_samples_c=(),
        baseline_c=None,
        contrast=contrast.without_baseline(before.contrast),
    )


def _without_sleeper(before: ColdMemory, seen: Observation, *, firing: bool) -> ColdMemory:
    """Keep only what belongs to the whole stay: the bed is empty, or its air is not known."""
    return ColdMemory(
        before.entered_ms,
        before.baseline_samples_c,
        before.baseline_c,
        before.warmed,
        fall=falls.update(before.fall, None, seen.at_ms, firing=firing),
        contrast=before.contrast,
        on_skin_ms=before.on_skin_ms,
        lying=lying.estimate(before.lying, seen),
    )


def _with_sleeper(
    before: ColdMemory,
    seen: Observation,
    c: float,
    course: tuple[Contrast, float | None, Fall],
    rules: Rules,
    *,
    firing: bool,
) -> ColdMemory:
    """Take in a minute of a bed that is not empty; `course`: of the contrast, with this minute."""
    limits, at_ms, k, (night, contrast_c, fall) = rules.warmth, seen.at_ms, seen.k, course
    r, measured = seen.room_c, seen.room_measured
    above_c = seen.contrast_c if measured else None
    entered_ms, samples_c, base, warmed, fallen_ms, plain_ms, bare_ms, urgent_ms = before[:8]
    cold_room_ms, draught_ms, dropped_ms, warm_ms, less_urgent_ms, _, outside_ms = before[8:15]
    # What does not hold, as most in most minutes, has no moment: that needs no call.
    fallen = bare = False
    if c < limits.warn_c:
        fallen, bare = _below_usual(c, base, seen, rules)
    fallen_ms = _since(fallen_ms, at_ms) if fallen else None
    plain_ms = _since(plain_ms, at_ms) if c < limits.plain_c else None
    calm = fallen_ms is None and plain_ms is None and fall.since_ms is None
    if at_ms % MARK_MS == 0 and not firing and calm and (k is None or k <= ON_SKIN_K):
        samples_c = _marked(samples_c, c, r, rules)
        base = median(sorted(samples_c)[len(samples_c) // 2 :])
    displaced_ms = _displaced_ms(outside_ms, above_c, r, at_ms, rules)
    covered = not firing and fall.since_ms is None and displaced_ms is None
    if covered and measured and seen.settled:
        night = contrast.update(night, contrast_c, at_ms)
    near = above_c is not None and above_c <= limits.draught_contrast_c
    airy = near or (k is not None and k < limits.draught_k)
    cold_room = measured and r is not None and r < limits.cold_room_c
    warm = firing and _warm(c, contrast_c, base, fall, rules)
    return _memory(
        (
            entered_ms,
            samples_c,
            base,
            warmed or c >= limits.warn_c,
            fallen_ms,
            plain_ms,
            _since(bare_ms, at_ms) if bare else None,
            _since(urgent_ms, at_ms) if c < limits.urgent_c else None,
            _since(cold_room_ms, at_ms) if cold_room else None,
            _since(draught_ms, at_ms) if airy else None,
            at_ms if seen.drop_c >= limits.uncovered_fall_c else dropped_ms,
            _since(warm_ms, at_ms) if warm else None,
            _since(less_urgent_ms, at_ms) if c >= limits.urgent_clear_c else None,
            fall,
            displaced_ms,
            night,
            at_ms if k is not None and k > ON_SKIN_K else before.on_skin_ms,
            None if fall.since_ms is None else _before_fall(before, fall, seen),
            lying.estimate(before.lying, seen),
        )
    )


def _below_usual(
    c: float, base: float | None, seen: Observation, rules: Rules
) -> tuple[bool, bool]:
    """Return whether cold air is far below its baseline, and whether no cover keeps so little."""
    limits, k = rules.warmth, seen.k
    usual_k = None if base is None else relative_warmth(base, seen.room_c, rules)
    low_k = limits.contrast_k if usual_k is None else min(limits.contrast_k, 0.8 * usual_k)
    bare = k is not None and seen.room_measured and k < low_k
    return _fallen(c, base, k, usual_k, rules), bare


def _marked(
    samples_c: tuple[float, ...], c: float, r: float | None, rules: Rules
) -> tuple[float, ...]:
    """Add a mark to the samples of the baseline."""
    keep = rules.warmth.baseline_s * 1000 // MARK_MS
    return (*samples_c[-(keep - 1) :], _as_covered(c, r, rules))


def _displaced_ms(
    outside_ms: int | None, above_c: float | None, r: float | None, at_ms: int, rules: Rules
) -> int | None:
    """Return since when the air by the legs is the room's; once that is believed, it ends later."""
    if above_c is None or r is None or r >= rules.warmth.warm_room_c:
        return None
    near_c = rules.warmth.slipped_c
    if outside_ms is not None and _has_held(outside_ms, rules.health.slipped_s, at_ms):
        near_c += BACK_IN_BED_C
    return _since(outside_ms, at_ms) if above_c <= near_c else None


def _before_fall(before: ColdMemory, fall: Fall, seen: Observation) -> float | None:
    """Return the warmest air by the legs of the twenty minutes before the present fall, C."""
    if fall.since_ms == before.fall.since_ms and before.before_fall_c is not None:
        return before.before_fall_c
    return max(seen.leg.recent_c, default=seen.leg.celsius)


def _is_the_rooms(now: ColdMinute) -> bool:
    """Return True if the contrast fell because the room grew warmer, as by sun on its sensor."""
    memory, leg_c = now.memory, now.seen.leg.celsius
    before_c, baseline_c = memory.before_fall_c, memory.fall.baseline_c
    if before_c is None or leg_c is None or baseline_c is None:
        return False
    return before_c - leg_c < OWN_SHARE * memory.fall.fallen * baseline_c


def _on_entry(before: ColdMemory, occupancy: Occupancy, rules: Rules) -> ColdMemory:
    """Begin a stay: after a short absence the sleeper lies in the same warm bed."""
    if has_returned(occupancy, rules):
        return before._replace(entered_ms=occupancy.entered_ms)
    return ColdMemory(occupancy.entered_ms, lying=before.lying)


def _as_covered(c: float, r: float | None, rules: Rules) -> float:
    """Limit the air to the warmest that a cover alone keeps: skin or a bottle makes it warmer."""
    skin = rules.warmth.skin_c
    return c if r is None else min(c, round(r + WARMEST_K * max(0.0, skin - r), 2))


def _fallen(
    c: float, base: float | None, k: float | None, usual_k: float | None, rules: Rules
) -> bool:
    """Return True if the air is cold and far below its baseline, but not because of the room."""
    limits = rules.warmth
    if base is None or c >= limits.warn_c or c > base - limits.warn_drop_c:
        return False
    return k is None or usual_k is None or k <= (1 - limits.change_share) * usual_k


def _warm(c: float, contrast_c: float | None, base: float | None, seen: Fall, rules: Rules) -> bool:
    """Return True if the air is as warm as in a covered bed; after a fall it must have risen."""
    limits = rules.warmth
    if contrast_c is not None and seen.baseline_c is not None:
        back = contrast_c >= (1 - limits.clear_share) * seen.baseline_c
        near = c >= limits.clear_near_c or (base is not None and base - c < limits.clear_drop_c)
        again = falls.recovered(seen) and c >= limits.plain_c + NO_FALL_MARGIN_C
        return c >= limits.covered_c or (back and near) or again
    return c >= limits.clear_c or (
        c >= limits.clear_near_c and (base is None or base - c < limits.clear_drop_c)
    )


def judge(now: ColdMinute, rules: Rules, firing: Firing | None) -> Verdict:
    """Judge whether the legs are cold."""
    verdict = _judge(now, rules, firing)
    if not firing and verdict.holds is not TriState.YES:
        return verdict  # as in most minutes
    if may_be_empty(now, rules):
        # It is not known that somebody is there.
        quiet = lying.is_doubtful(now.memory.lying, now.seen.at_ms)
        return _no_more_than_a_warning(verdict, firing, quiet=quiet)
    reason = firing.reason if firing else verdict.reason
    if reason in OF_COVER and lying.is_covered(now.memory.lying):
        return _no_more_than_a_warning(verdict, firing, quiet=True)
    if lying.is_hardly_bare(now.memory.lying, now.seen):
        if reason in OF_LEVEL:
            return verdict  # as cold as its limit says, whatever the cause
        return _no_more_than_a_warning(verdict, firing, quiet=_is_urgent(firing))
    return cold_and_still.escalated(verdict, now.seen, rules, firing) if firing else verdict


def _no_more_than_a_warning(verdict: Verdict, firing: Firing | None, *, quiet: bool) -> Verdict:
    """Escalate nothing; `quiet`: there is no reason to say more, and none to sound."""
    if verdict.severity is Severity.URGENT and not _is_urgent(firing):
        verdict = verdict._replace(severity=Severity.WARNING)
    return verdict._replace(since_ms=None) if firing and quiet else verdict


def may_be_empty(now: ColdMinute, rules: Rules) -> bool:
    """Return True if somebody got up by the movement sensor, and nothing has moved since.

    The mat still says "occupied" then, as a mat may of an empty bed. Without a mat, the bed may be
    empty as long as it is not very likely that somebody lies there.
    """
    seen, movement = now.seen, now.seen.movement
    if lying.may_be_empty(now.memory.lying, seen.at_ms):
        return True
    if seen.occupancy.mat is not True or not movement.counts or not movement.moved_ms:
        return False
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
        bare = _bare(now, rules)
        if not seen.settled and bare is None:
            return unknown(Reason.SETTLING)
        nothing = memory.fall.since_ms is None and memory.urgent_ms is None
        if bare is None and nothing and not _is_cool(memory):
            return WARM  # as in most minutes: no rule below can say anything else
        if _may_be_displaced(now, rules):
            return unknown(Reason.DISPLACED)
        found = bare or _cold(now, rules)
        doubtful = bare is None and lying.is_doubtful(memory.lying, seen.at_ms)
        if found is not None and doubtful and not rules.alerts.wait_s:
            return unknown(Reason.PRESENCE_UNSURE)  # it would sound at once
        if found is None or bare or _alive(seen, found.since_ms, rules):
            return found or WARM
        return unknown(Reason.PRESENCE_UNSURE)
    if _has_held(memory.warm_ms, limits.clear_hold_s, seen.at_ms):
        return WARM
    found = _cold(now, rules) or _bare(now, rules)
    still = _still_cold(now, found, rules, firing.severity)
    reason = still.reason
    if reason is Reason.COOLED and firing.reason in OF_COVER:
        reason = firing.reason  # what began it is not forgotten while the alert stands
    return still._replace(reason=reason, ending=memory.warm_ms is not None)


def _doubt(now: ColdMinute, rules: Rules, firing: Firing | None) -> Verdict | None:
    """Return a verdict if nobody can be judged to be cold: no sleeper, no reading, a warm room."""
    seen = now.seen
    if seen.occupancy.in_bed is False:
        left_ms = seen.occupancy.left_ms
        # A mat that lets go at a turn must not end an alert over bare legs.
        if firing and left_ms is not None and seen.at_ms - left_ms < LEFT_MS:
            return yes(firing.severity, firing.reason or Reason.COOLED, None)
        return LEFT_BED
    if seen.leg_c is None:
        return unknown(Reason.NO_READINGS)
    unsure = seen.occupancy.in_bed is None or seen.occupancy.entered_ms is None
    if unsure and not lying.is_bare(now.memory.lying):
        return unknown(Reason.PRESENCE_UNSURE)
    warm_c = rules.warmth.warm_room_c
    if seen.room_measured and seen.room_c is not None and seen.room_c >= warm_c:
        return no(Reason.WARM_ROOM)
    return None


def _still_cold(now: ColdMinute, found: Verdict | None, rules: Rules, firing: Severity) -> Verdict:
    """Judge a firing alert: it stays firing after the air stops falling; only warming ends it."""
    memory, at_ms, limits = now.memory, now.seen.at_ms, rules.warmth
    since_ms = found.since_ms if found else falls.still_low_since_ms(memory.fall, limits)
    if rise_10_min_c(now.seen.leg) >= limits.recover_c:
        since_ms = None  # no reason to say more
    least = firing
    if firing is Severity.URGENT and _has_held(memory.less_urgent_ms, limits.clear_hold_s, at_ms):
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
    return uncovered.may_be_displaced(now.fall, stretch, rules.warmth)


def _bare(now: ColdMinute, rules: Rules) -> Verdict | None:
    """Return YES if somebody surely lies there with the cover off, in a bed without a mat."""
    memory, seen = now.memory, now.seen
    if not lying.is_bare(memory.lying) or seen.at_ms < seen.occupancy.settled_ms:
        return None
    reason = _uncovered_reason(memory, seen.at_ms, rules)
    figures = lying.evidence(memory.lying)
    return yes(Severity.WARNING, reason, seen.course.peak_ms, evidence=figures)


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


def _cold(now: ColdMinute, rules: Rules) -> Verdict | None:
    memory, seen, limits = now.memory, now.seen, rules.warmth
    late = _has_held(memory.entered_ms, limits.cold_start_s, seen.at_ms)
    urgent = _has_held(memory.urgent_ms, limits.urgent_hold_s, seen.at_ms)
    if urgent and (memory.warmed or late):  # give a bed time to warm before an urgent alert
        reason = cooling_reason(memory, seen.at_ms, rules)
        rule = Rule("warmth.urgent_c", limits.urgent_c)
        return yes(Severity.URGENT, reason, memory.urgent_ms, rule)
    falling = memory.fall.since_ms is not None
    falling = falling and not _is_the_rooms(now)
    off = uncovered.uncovered_by(now.fall, limits) if falling else None
    if off and not _was_on_skin(now):
        reason = _uncovered_reason(memory, seen.at_ms, rules)
        return yes(Severity.WARNING, reason, memory.fall.since_ms, *off)
    if not memory.warmed:
        return _cold_start(now, rules)
    if not _is_cool(memory) or falls.is_rising(memory.fall):
        return None  # warm, or it warms again
    return _has_cooled(now, rules) or _in_cold_room(now, rules)


def _is_cool(memory: ColdMemory) -> bool:
    """Return True if the air or the room is cold by any limit, for however short a time."""
    return (
        memory.fallen_ms is not None
        or memory.contrast_ms is not None
        or memory.plain_ms is not None
        or memory.cold_room_ms is not None
    )


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
        if since is not None and _has_held(
            max(since, seen.occupancy.settled_ms), longer * hold_s, seen.at_ms
        ):
            reason = cooling_reason(memory, seen.at_ms, rules)
            return yes(Severity.WARNING, reason, since, Rule(path, value))
    return None


def _in_cold_room(now: ColdMinute, rules: Rules) -> Verdict | None:
    since_ms, limits = now.memory.cold_room_ms, rules.warmth
    cool = now.seen.leg_c is not None and now.seen.leg_c < limits.warn_c
    if not cool or not _has_held(since_ms, limits.cold_room_s, now.seen.at_ms):
        return None
    rule = Rule("warmth.cold_room_c", limits.cold_room_c)
    return yes(Severity.WARNING, Reason.COLD_ROOM, since_ms, rule)


def _was_on_skin(now: ColdMinute) -> bool:
    """Return True if a leg was on the sensor before the fall, and the sensor may be covered now."""
    since_ms, on_skin_ms = now.memory.fall.since_ms, now.memory.on_skin_ms
    if now.seen.leg_c is None or since_ms is None or on_skin_ms is None:
        return False
    k = now.seen.k
    return on_skin_ms > since_ms - ON_SKIN_MS and k is not None and k > RELEASED_K


def _cold_start(now: ColdMinute, rules: Rules) -> Verdict | None:
    memory, seen, limits = now.memory, now.seen, rules.warmth
    if memory.plain_ms is None or memory.entered_ms is None:
        return None
    if seen.leg_c is None or not seen.leg.recent_c:
        return None
    warmest_c = max(seen.leg.recent_c) - (seen.leg.celsius or 0.0) + seen.leg_c  # of twenty minutes
    late = _has_held(memory.entered_ms, limits.cold_start_s, seen.at_ms)
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
    if memory.draught_ms is not None and _has_held(
        memory.draught_ms, rules.warmth.draught_s, at_ms
    ):
        return Reason.DRAUGHT
    recent_ms = 2 * rules.warmth.plain_hold_s * 1000
    if memory.dropped_ms is not None and at_ms - memory.dropped_ms <= recent_ms:
        return Reason.UNCOVERED
    return Reason.COOLED


def _uncovered_reason(memory: ColdMemory, at_ms: int, rules: Rules) -> Reason:
    draught = cooling_reason(memory, at_ms, rules) is Reason.DRAUGHT
    return Reason.DRAUGHT if draught else Reason.UNCOVERED


def _since(since_ms: int | None, at_ms: int) -> int:
    """Return since when something has held that holds now."""
    return at_ms if since_ms is None else since_ms


def _has_held(since_ms: int | None, hold_s: int, at_ms: int) -> bool:
    return since_ms is not None and at_ms - since_ms >= hold_s * 1000
