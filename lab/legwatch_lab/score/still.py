"""Judge still alerts by the truth."""

from bisect import bisect_right

from legwatch_lab.truth import NightTruth

SLACK = 0.9  # the rule may begin to count a little after the turn


def is_truly_still(truth: NightTruth, at_ms: int, limit_s: float) -> bool:
    """Return True if nobody turned or got into bed for nine tenths of the limit."""
    stay = truth.stay(at_ms)
    if stay is None:
        return False
    place = bisect_right(truth.turns, at_ms)
    turned_ms = truth.turns[place - 1] if place else 0
    since_ms = max(turned_ms, truth.in_bed[stay].from_ms)
    return at_ms - since_ms >= SLACK * limit_s * 1000
