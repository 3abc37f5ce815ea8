"""Judge still alerts by the truth."""

from bisect import bisect_right
from collections.abc import Mapping

from legwatch.limits.rules import Rules
from legwatch.limits.stillness import limits_s
from legwatch_lab.truth import NightTruth

SLACK = 0.9  # the rule may begin to count a little after the turn


def by_severity_s(rules: Rules) -> Mapping[str, int]:
    """Return the limit by which an alert of each severity is judged.

    Where warnings are off, one is an urgent alert by a sensor that is not sure enough for it.
    """
    log_s, warn_s, urgent_s = limits_s(rules)
    return {"log": log_s, "warning": warn_s or urgent_s, "urgent": urgent_s}


def is_truly_still(truth: NightTruth, at_ms: int, limit_s: float) -> bool:
    """Return True if nobody turned or got into bed for nine tenths of the limit."""
    stay = truth.stay(at_ms)
    if stay is None:
        return False
    place = bisect_right(truth.turns, at_ms)
    turned_ms = truth.turns[place - 1] if place else 0
    since_ms = max(turned_ms, truth.in_bed[stay].from_ms)
    return at_ms - since_ms >= SLACK * limit_s * 1000
