"""What the rules for cold legs remember of a bed, from minute to minute."""

from functools import cached_property
from typing import NamedTuple

from legwatch.conditions import cover as covers
from legwatch.conditions import lying
from legwatch.conditions import warming as warmings
from legwatch.conditions.cover import Cover
from legwatch.conditions.displaced import FallMinute
from legwatch.conditions.features import MINUTE_MS
from legwatch.conditions.lying import Lying
from legwatch.conditions.warming import Warming
from legwatch.limits.rules import Rules
from legwatch.middle import median
from legwatch.named_tuples import maker
from legwatch.observation import Observation
from legwatch.signals import contrast
from legwatch.signals import contrast_fall as falls
from legwatch.signals.bed_warmth import relative_warmth
from legwatch.signals.contrast import Contrast
from legwatch.signals.contrast_fall import Fall
from legwatch.signals.occupancy import GAP_MS, Occupancy, has_let_go, has_returned
from legwatch.signals.thermometer import has_come_back

NO_FALL_MARGIN_C = 1.0  # above plain_c, so that the end of an alert does not fire the next alert
BACK_IN_BED_C = 0.5  # a displaced sensor is back in the bed from so much more on
MARK_MS = 180_000  # the baseline remembers one mark every three minutes
WARMEST_K = 0.88  # a sensor lain upon, or beside a bottle, is no measure of a covered bed
ON_SKIN_K = 0.97  # nearly as warm as skin is no air under a cover, but a leg upon the sensor
# A shorter time without any window is bridged: what held before it and holds after it, held.
BRIDGED_MS = 600_000


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
    warming: Warming = warmings.NOTHING
    cover: Cover = covers.NOTHING


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
    left = occupancy.in_bed is False
    if c is None or (left and (firing or not has_let_go(occupancy, seen.movement, at_ms))):
        return _without_sleeper(before, seen, rules, firing=firing)
    night = contrast.begin(before.contrast, seen.room_c)
    contrast_c = contrast.normalized(night, seen.contrast_c, seen.room_c)
    was = before.fall
    if contrast_c is not None and has_come_back(seen.leg, at_ms):
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


def _without_sleeper(
    before: ColdMemory, seen: Observation, rules: Rules, *, firing: bool
) -> ColdMemory:
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
        warming=before.warming if firing else warmings.NOTHING,
        cover=covers.estimate(before.cover, seen, rules),
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
    outside = has_held(displaced_ms, rules.health.slipped_s, at_ms)  # and not by the legs
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
            (warmings.update if firing else warmings.after_the_end)(
                before.warming, seen.leg, at_ms
            ),
            covers.NOTHING if outside else covers.estimate(before.cover, seen, rules),
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
    if outside_ms is not None and has_held(outside_ms, rules.health.slipped_s, at_ms):
        near_c += BACK_IN_BED_C
    return _since(outside_ms, at_ms) if above_c <= near_c else None


def _before_fall(before: ColdMemory, fall: Fall, seen: Observation) -> float | None:
    """Return the warmest air by the legs of the twenty minutes before the present fall, C."""
    if fall.since_ms == before.fall.since_ms and before.before_fall_c is not None:
        return before.before_fall_c
    return max(seen.leg.recent_c, default=seen.leg.celsius)


def _on_entry(before: ColdMemory, occupancy: Occupancy, rules: Rules) -> ColdMemory:
    """Begin a stay: after a short absence the sleeper lies in the same warm bed."""
    if has_returned(occupancy, rules):
        return before._replace(entered_ms=occupancy.entered_ms)
    return ColdMemory(occupancy.entered_ms, lying=before.lying, cover=before.cover)


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


def _since(since_ms: int | None, at_ms: int) -> int:
    """Return since when something has held that holds now."""
    return at_ms if since_ms is None else since_ms


def has_held(since_ms: int | None, hold_s: int, at_ms: int) -> bool:
    """Return True if something has held for so long; `since_ms` None: it does not hold."""
    return since_ms is not None and at_ms - since_ms >= hold_s * 1000
