"""The early sign: the cover is off, or nobody lies there. It comes before it is cold.

It makes no sound; whoever lies there is shown it. lab/legwatch_lab/bench/cover.py measures how
early it comes, and how seldom it is false.
"""

from legwatch.conditions import witness
from legwatch.conditions.cold_causes import is_usual
from legwatch.conditions.cold_memory import ColdMinute
from legwatch.conditions.features import MINUTE_MS
from legwatch.limits.rules import Rules
from legwatch.signals.thermometer import RECENT_STEP_MS

MARK_MIN = RECENT_STEP_MS / MINUTE_MS
FEWEST_MARKS = 3
SOONEST_C_A_MIN = 0.04  # what falls slower will not be cold soon


def begun_ms(now: ColdMinute, rules: Rules) -> int | None:
    """Return since when a sign stands, UTC ms; None: there is none.

    Air that only comes back to what is usual is none, nor that of a thermometer that is not by the
    legs.
    """
    begun, seen = now.memory.cover.begun, now.seen
    if begun is None or not rules.warmth.early_s or now.memory.displaced_since_ms is not None:
        return None
    if is_usual(now, rules):
        return None
    return begun.since_ms if witness.cannot_see(seen) is None else None


def cold_in_min(now: ColdMinute, rules: Rules) -> int | None:
    """Return in how many minutes the air is below `warmth.plain_c`; None: not within `early_s`.

    The rate is that of the last four minutes.
    """
    c, recent = now.seen.leg_c, now.seen.leg.recent_c
    if c is None or c <= rules.warmth.plain_c or len(recent) < FEWEST_MARKS:
        return None
    rate = (recent[-FEWEST_MARKS] - recent[-1]) / (MARK_MIN * (FEWEST_MARKS - 1))
    if rate < SOONEST_C_A_MIN:
        return None
    minutes = max(1, round((c - rules.warmth.plain_c) / rate))
    return minutes if minutes * 60 <= rules.warmth.early_s else None
