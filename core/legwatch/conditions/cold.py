"""Are the legs cold? Judged on the air beside them, never on skin; limits in config/profiles."""

from statistics import median
from typing import NamedTuple

from legwatch.conditions import uncovered
from legwatch.conditions.features import features
from legwatch.conditions.verdict import (
    RANK,
    WARM,
    Figures,
    Reason,
    Severity,
    Verdict,
    no,
    unknown,
    yes,
)
from legwatch.limits.rules import Rules
from legwatch.signals import contrast
from legwatch.signals import contrast_fall as falls
from legwatch.signals.contrast import Contrast
from legwatch.signals.contrast_fall import Fall
from legwatch.signals.movement import Movement, is_known, is_restless
from legwatch.signals.occupancy import Occupancy, may_have_left
from legwatch.signals.thermometer import Thermometer, drop_c, rise_10_min_c

ENTRY_MS = 600_000  # before a mat believes it, somebody may already have got into bed
NO_FALL_MARGIN_C = 1.0  # above plain_c, so that the end of an alert does not fire the next alert
BACK_IN_BED_C = 0.5  # a displaced sensor is back in the bed from so much more on
ON_SKIN_MS = falls.KEPT * 60_000  # what is remembered before a fall
MARK_MS = 180_000  # the baseline remembers one mark every three minutes
WARMEST_K = 0.88  # a sensor lain upon, or beside a bottle, is no measure of a covered bed
ON_SKIN_K = 0.97  # nearly as warm as skin is no air under a cover, but a leg upon the sensor
# From under a leg to under a cover is a fall, too. After a leg on the sensor, only less than this
# counts as uncovered: covers keep 0.55-0.9, uncovered legs 0.2-0.4 (JOS-3 runs).
RELEASED_K = 0.65


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


class Temperatures(NamedTuple):
    """The temperatures of one minute, C, without the offset of the two thermometers."""

    leg_c: float | None
    room_c: float | None  # as the leg sensor would tell it
    measured: bool  # the room's thermometer speaks; else it is what was known last


def update(
    before: ColdMemory,
    leg: Thermometer,
    memory: Temperatures,
    occupancy: Occupancy,
    at_ms: int,
    rules: Rules,
    *,
    firing: bool,
) -> ColdMemory:
    """Take one minute in. A warm, occupied minute adds to the baseline; a cold one does not."""
    limits, c, r = rules.warmth, memory.leg_c, memory.room_c
    if occupancy.entered_ms is not None and occupancy.entered_ms != before.entered_ms:
        back = occupancy.settled_ms - occupancy.entered_ms < limits.settle_s * 1000
        before = (
            before._replace(entered_ms=occupancy.entered_ms)
            if back
            else ColdMemory(occupancy.entered_ms)
        )
    if (
        before.fall.notified and not firing
    ):  # the baseline begins anew: the cover may lie otherwise now
        before = before._replace(
            baseline_samples_c=(),
            baseline_c=None,
            contrast=contrast.without_baseline(before.contrast),
        )
    if c is None or occupancy.in_bed is False:
        kept = falls.update(before.fall, None, at_ms, firing=firing)
        return ColdMemory(
            before.entered_ms,
            before.baseline_samples_c,
            before.baseline_c,
            before.warmed,
            fall=kept,
            contrast=before.contrast,
            on_skin_ms=before.on_skin_ms,
        )
    night = contrast.begin(before.contrast, r)
    contrast_c = contrast.normalized(night, c, r)
    k = relative_warmth(c, r, rules)
    base = before.baseline_c
    usual_k = None if base is None else relative_warmth(base, r, rules)
    seen = falls.update(before.fall, contrast_c, at_ms, firing=firing)
    fallen = _fallen(c, base, k, usual_k, rules)
    low_k = limits.contrast_k if usual_k is None else min(limits.contrast_k, 0.8 * usual_k)
    bare = k is not None and memory.measured and k < low_k and c < limits.warn_c
    above_c = round(c - r, 3) if memory.measured and r is not None else None
    near = above_c is not None and above_c <= limits.draught_contrast_c
    airy = near or (k is not None and k < limits.draught_k)
    drop = drop_c(leg) >= limits.uncovered_fall_c
    fallen_ms = _held_since(before.fallen_ms, fallen, at_ms)
    plain_ms = _held_since(before.plain_ms, c < limits.plain_c, at_ms)
    samples_c, calm = (
        before.baseline_samples_c,
        fallen_ms is None and plain_ms is None and seen.since_ms is None,
    )
    if at_ms % MARK_MS == 0 and not firing and calm and (k is None or k <= ON_SKIN_K):
        keep = limits.baseline_s * 1000 // MARK_MS
        samples_c = (*samples_c[-(keep - 1) :], _as_covered(c, r, rules))
        base = median(sorted(samples_c)[len(samples_c) // 2 :])
    told = _has_held(before.displaced_since_ms, rules.health.slipped_s, at_ms)
    near_c = limits.slipped_c + (BACK_IN_BED_C if told else 0.0)
    near_room = above_c is not None and above_c <= near_c
    displaced = near_room and r is not None and r < limits.warm_room_c
    displaced_ms = _held_since(before.displaced_since_ms, displaced, at_ms)
    settled = occupancy.in_bed is True and at_ms >= occupancy.settled_ms and memory.measured
    if settled and not firing and seen.since_ms is None and displaced_ms is None:
        night = contrast.update(night, contrast_c, at_ms)
    return ColdMemory(
        before.entered_ms,
        samples_c,
        base,
        before.warmed or c >= limits.warn_c,
        fallen_ms,
        plain_ms,
        _held_since(before.contrast_ms, bare, at_ms),
        _held_since(before.urgent_ms, c < limits.urgent_c, at_ms),
        _held_since(
            before.cold_room_ms, memory.measured and r is not None and r < limits.cold_room_c, at_ms
        ),
        _held_since(before.draught_ms, airy, at_ms),
        at_ms if drop else before.dropped_ms,
        _held_since(before.warm_ms, firing and _warm(c, contrast_c, base, seen, rules), at_ms),
        _held_since(before.less_urgent_ms, c >= limits.urgent_clear_c, at_ms),
        seen,
        displaced_ms,
        night,
        at_ms if k is not None and k > ON_SKIN_K else before.on_skin_ms,
    )


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


def judge(
    memory: ColdMemory,
    leg: Thermometer,
    temperatures: Temperatures,
    occupancy: Occupancy,
    movement: Movement,
    at_ms: int,
    rules: Rules,
    *,
    firing: Severity | None,
) -> Verdict:
    """Judge whether the legs are cold; `firing` is the severity of a firing alert, else None."""
    limits = rules.warmth
    if occupancy.in_bed is False:
        return no(Reason.LEFT_BED)
    if temperatures.leg_c is None:
        return unknown(Reason.NO_READINGS)
    if occupancy.in_bed is None or occupancy.entered_ms is None:
        return unknown(Reason.PRESENCE_UNSURE)
    if (
        temperatures.measured
        and temperatures.room_c is not None
        and temperatures.room_c >= limits.warm_room_c
    ):
        return no(Reason.WARM_ROOM)
    turned_ms = last_turn_ms(memory, movement, at_ms, rules)
    if memory.displaced_since_ms is not None or (
        not firing and _may_be_displaced(memory, temperatures, turned_ms, at_ms, rules)
    ):
        return unknown(Reason.DISPLACED)
    if firing and _has_held(memory.warm_ms, limits.clear_hold_s, at_ms):
        return WARM
    if not firing and at_ms < occupancy.settled_ms:
        return WARM
    found = _cold(memory, leg, temperatures, movement, occupancy.settled_ms, at_ms, rules)
    if firing is None:
        if found is None or _alive(occupancy, movement, found.since_ms, rules):
            return found or WARM
        return unknown(Reason.PRESENCE_UNSURE)
    # A firing alert stays firing after the temperature stops falling; only warming ends it.
    since_ms = found.since_ms if found else falls.still_low_since_ms(memory.fall, limits)
    if rise_10_min_c(leg) >= limits.recover_c:
        since_ms = None  # no reason to say more
    least = firing
    if firing is Severity.URGENT and _has_held(memory.less_urgent_ms, limits.clear_hold_s, at_ms):
        least = Severity.WARNING
    if found is None or RANK[found.severity] < RANK[least]:
        why = found.reason if found else cooling_reason(memory, at_ms, rules)
        return yes(least, why, since_ms, found.rule if found else "")
    return found._replace(since_ms=since_ms)


def _may_be_displaced(
    memory: ColdMemory, temperatures: Temperatures, turned_ms: int | None, at_ms: int, rules: Rules
) -> bool:
    if not temperatures.measured or temperatures.room_c is None:
        return False
    stretch = contrast.span_ratio(memory.contrast, temperatures.room_c)
    usual = memory.contrast.baseline
    return uncovered.may_be_displaced(memory.fall, usual, turned_ms, stretch, at_ms, rules.warmth)


def last_turn_ms(memory: ColdMemory, movement: Movement, at_ms: int, rules: Rules) -> int | None:
    """Return when the sleeper last turned, UTC ms; None where the sensor cannot say.

    One that is silent cannot, nor one that has seen nobody turn since bedtime.
    """
    blind = (
        memory.entered_ms is not None and (movement.turned_ms or 0) < memory.entered_ms - ENTRY_MS
    )
    return None if blind or not is_known(movement, at_ms, rules) else movement.turned_ms


def _alive(occupancy: Occupancy, movement: Movement, since_ms: int | None, rules: Rules) -> bool:
    """Return True if somebody is surely in bed: there is a mat, nobody got up, or somebody moved.

    Without a mat an uncovered sleeper and an empty bed cool alike.
    """
    if occupancy.mat_ms is not None or since_ms is None:
        return True
    if movement.counts:
        return not may_have_left(movement, rules)
    return bool(movement.moved_ms) and movement.moved_ms[-1] > since_ms


def _cold(
    memory: ColdMemory,
    leg: Thermometer,
    temperatures: Temperatures,
    movement: Movement,
    settled_ms: int,
    at_ms: int,
    rules: Rules,
) -> Verdict | None:
    limits = rules.warmth
    late = memory.entered_ms is not None and at_ms - memory.entered_ms >= limits.cold_start_s * 1000
    urgent = memory.urgent_ms is not None and _has_held(
        memory.urgent_ms, limits.urgent_hold_s, at_ms
    )
    if urgent and (memory.warmed or late):  # give a bed time to warm before an urgent alert
        return yes(
            Severity.URGENT,
            cooling_reason(memory, at_ms, rules),
            memory.urgent_ms,
            "warmth.urgent_c",
        )
    turned_ms = last_turn_ms(memory, movement, at_ms, rules)
    tossing = turned_ms is None or is_restless(movement, at_ms, limits.restless_s)
    rule = uncovered.uncovered_by(memory.fall, memory.contrast.baseline, turned_ms, at_ms, limits)
    if rule and not _was_on_skin(memory, temperatures, rules):
        return yes(
            Severity.WARNING, _uncovered_reason(memory, at_ms, rules), memory.fall.since_ms, rule
        )
    if not memory.warmed:
        return _cold_start(memory, leg, temperatures, movement, at_ms, rules)
    if falls.is_rising(memory.fall):
        return None  # it warms again
    longer = 2 if tossing else 1
    for since, hold_s, rule in (
        (memory.fallen_ms, limits.warn_hold_s, "warmth.warn_drop_c"),
        (memory.contrast_ms, limits.warn_hold_s, "warmth.contrast_k"),
        (memory.plain_ms, limits.plain_hold_s, "warmth.plain_c"),
    ):
        # What a bed has from being left for a while counts only once it has had time to warm.
        if since is not None and _has_held(max(since, settled_ms), longer * hold_s, at_ms):
            return yes(Severity.WARNING, cooling_reason(memory, at_ms, rules), since, rule)
    if (
        temperatures.leg_c is not None
        and temperatures.leg_c < limits.warn_c
        and memory.cold_room_ms is not None
        and _has_held(memory.cold_room_ms, limits.cold_room_s, at_ms)
    ):
        return yes(Severity.WARNING, Reason.COLD_ROOM, memory.cold_room_ms, "warmth.cold_room_c")
    return None


def _was_on_skin(memory: ColdMemory, temperatures: Temperatures, rules: Rules) -> bool:
    """Return True if a leg was on the sensor before the fall, and the sensor may be covered now."""
    since_ms = memory.fall.since_ms
    if temperatures.leg_c is None or since_ms is None or memory.on_skin_ms is None:
        return False
    k = relative_warmth(temperatures.leg_c, temperatures.room_c, rules)
    return memory.on_skin_ms > since_ms - ON_SKIN_MS and k is not None and k > RELEASED_K


def _cold_start(
    memory: ColdMemory,
    leg: Thermometer,
    temperatures: Temperatures,
    movement: Movement,
    at_ms: int,
    rules: Rules,
) -> Verdict | None:
    limits = rules.warmth
    if (
        memory.plain_ms is None
        or memory.entered_ms is None
        or temperatures.leg_c is None
        or not leg.recent_c
    ):
        return None
    warmest_c = max(leg.recent_c) - (leg.celsius or 0.0) + temperatures.leg_c  # of twenty minutes
    if at_ms - memory.entered_ms < limits.cold_start_s * 1000 or warmest_c >= limits.cold_start_c:
        return None
    if memory.fall.since_ms is not None or falls.is_rising(memory.fall):
        return None  # a cover that is lifted for a moment says nothing about the bed
    moved = movement.moved_ms[-1] if movement.moved_ms else 0
    awake = at_ms - moved <= limits.wakeful_s * 1000
    severity = Severity.WARNING if awake else Severity.LOG
    return yes(severity, Reason.COLD_START, memory.plain_ms, "warmth.cold_start_s")


def evidence(memory: ColdMemory, movement: Movement, at_ms: int, rules: Rules) -> Figures:
    """Return the probability that the cover is off, and its features; empty without a fall."""
    turned_ms = last_turn_ms(memory, movement, at_ms, rules)
    seen = features(memory.fall, memory.contrast.baseline, turned_ms, at_ms)
    if seen is None:
        return ()
    return (
        ("sure_pct", round(100 * uncovered.p_uncovered(seen))),
        ("fallen_pct", round(100 * seen.fallen)),
        ("turned_min", None if turned_ms is None else round(seen.turn_min)),
    )


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


def relative_warmth(leg_c: float, room_c: float | None, rules: Rules) -> float | None:
    """Return k = (leg - room) / (skin - room), or None without a room sensor or in a hot room."""
    if room_c is None or room_c >= rules.warmth.skin_c - 1:
        return None
    return (leg_c - room_c) / (rules.warmth.skin_c - room_c)


def _held_since(since_ms: int | None, holds: bool, at_ms: int) -> int | None:  # noqa: FBT001 - private
    if not holds:
        return None
    return at_ms if since_ms is None else since_ms


def _has_held(since_ms: int | None, hold_s: int, at_ms: int) -> bool:
    return since_ms is not None and at_ms - since_ms >= hold_s * 1000
