"""How soon the air by the legs will be below its limit at the present rate.

An early sign makes no sound and lights no lamp: one in three is false, and after a true one the
alert follows some minutes later. lab/legwatch_lab/bench/detection.md has the score.
"""

from legwatch.conditions.cold_memory import ColdMinute
from legwatch.limits.rules import Rules
from legwatch.signals import contrast_fall as falls
from legwatch.signals.thermometer import RECENT_SAMPLES, RECENT_STEP_MS

MARK_MIN = RECENT_STEP_MS / 60_000
SOONEST_C_A_MIN = 0.04  # a slower fall is the room's, or the sleeper's settling in
HIGHEST_C = 31.0  # above this a bed is as warm as beds are, and has far to fall
BEGUN = 0.06  # share of the contrast: less is noise
EVEN = 0.5  # least probability that a cover is off
FEWEST_MARKS = 3


def cold_in_min(now: ColdMinute, rules: Rules) -> int | None:
    """Return in how many minutes the air is below `warmth.plain_c`; None: not within `early_s`.

    It is for legs that are not cold yet, and for a bed that is settled. The rate is that of the
    last four minutes while a fall is under way, else of the last eighteen. A fall that is more
    likely a cover lifted for a moment gives no early sign.
    """
    c, recent = now.seen.leg_c, now.seen.leg.recent_c
    if c is None or not rules.warmth.plain_c < c < HIGHEST_C or len(recent) < FEWEST_MARKS:
        return None
    fall = now.memory.fall
    if fall.since_ms is not None and fall.fallen >= BEGUN:
        if now.fall.features is None or now.fall.p_uncovered < EVEN:
            return None
        rate = (recent[-FEWEST_MARKS] - recent[-1]) / (MARK_MIN * (FEWEST_MARKS - 1))
    elif len(recent) == RECENT_SAMPLES:
        rate = (recent[0] - recent[-1]) / (MARK_MIN * (RECENT_SAMPLES - 1))
    else:
        return None
    if rate < SOONEST_C_A_MIN or falls.is_rising(fall):
        return None
    minutes = max(1, round((c - rules.warmth.plain_c) / rate))
    return minutes if minutes * 60 <= rules.warmth.early_s else None
