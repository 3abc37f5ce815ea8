"""Has the sleeper lain still for too long? Judged by the last change of position."""

from legwatch.conditions import witness
from legwatch.conditions.verdict import (
    LEFT_BED,
    MOVED,
    Firing,
    Reason,
    Rule,
    Severity,
    Verdict,
    unknown,
    yes,
)
from legwatch.limits.rules import Rules
from legwatch.limits.stillness import is_planned, limits_s
from legwatch.observation import Observation
from legwatch.signals.stillness import posture_ms

_LEVELS = tuple(Severity)
FIRST_CYCLE_MS = 6_000_000  # 100 min: a sleep cycle and the time to fall asleep
LONG_S = 12_000  # two of them: who lies still for longer does not because of the first


def judge(seen: Observation, rules: Rules, firing: Firing | None) -> Verdict:
    """Judge whether the sleeper has been still too long; only a movement ends a firing alert.

    It is never urgent by a sensor that has felt nothing of any size for hours, as it may be dead,
    nor does it become so by one that has not shown that it sees turns, or after a movement that
    may have been a small one.
    """
    if seen.occupancy.in_bed is False:
        return LEFT_BED
    if firing and _has_turned_since(firing.fired_ms, seen):
        return MOVED
    since = seen.lies_still_ms
    if since is None:
        missing = not seen.movement_known
        return unknown(Reason.MOVEMENT_MISSING if missing else Reason.PRESENCE_UNSURE)
    severity, decided_s = None, 0
    still_s = (seen.at_ms - since) // 1000
    log_s, warn_s, urgent_s = limits_s(rules)
    if not firing and still_s < log_s and still_s < warn_s and still_s < urgent_s:
        return MOVED  # as in most minutes; a limit of 0 is asked below
    for name, limit_s in zip(_LEVELS, (log_s, warn_s, urgent_s), strict=True):
        if not limit_s or still_s < limit_s:  # the extra seconds only make it later
            continue
        if limit_s >= LONG_S or still_s >= limit_s + _first_cycle_s(since, seen, rules):
            severity, decided_s = name, limit_s
    if severity is not None:
        rule = Rule(_path(severity, rules), float(decided_s))
        if severity is Severity.URGENT and witness.is_mute(seen):
            return yes(Severity.WARNING, Reason.MOVEMENT_QUIET, since, rule)
        if severity is Severity.URGENT and not _may_be_urgent(seen, rules, firing, urgent_s):
            severity = Severity.WARNING
        return yes(severity, Reason.STILL_TOO_LONG, since, rule)
    if firing:  # the time starts later: data were missing in between, without a movement
        return yes(firing.severity, Reason.STILL_TOO_LONG, None)
    return MOVED


def _has_turned_since(fired_ms: int | None, seen: Observation) -> bool:
    turned = posture_ms(seen.movement, seen.turning)
    return turned is not None and fired_ms is not None and turned > fired_ms


def _may_be_urgent(seen: Observation, rules: Rules, firing: Firing | None, urgent_s: int) -> bool:
    """Return True if it may be urgent: whatever may have been a turn is that long ago, too."""
    if firing is not None and firing.severity is Severity.URGENT:
        return True
    surely_ms = seen.still_since_ms
    if surely_ms is None or seen.at_ms - surely_ms < urgent_s * 1000:
        return False
    return witness.sees_turns(seen, rules)


def _first_cycle_s(since_ms: int, seen: Observation, rules: Rules) -> int:
    """Return the extra seconds in the first sleep cycle; 0 after it, or with a care plan."""
    early = since_ms - (seen.occupancy.entered_ms or 0) < FIRST_CYCLE_MS
    return rules.stillness.first_cycle_s if early and not is_planned(rules) else 0


def _path(severity: Severity, rules: Rules) -> str:
    if severity is Severity.LOG:
        return "stillness.log_s"
    table = "care" if is_planned(rules) else "stillness"
    return f"{table}.{'warn_s' if severity is Severity.WARNING else 'urgent_s'}"
