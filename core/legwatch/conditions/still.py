"""How long the sleeper has not changed position, and whether that is too long."""

from legwatch.conditions.verdict import MOVED, Reason, Severity, Verdict, no, unknown, yes
from legwatch.limits.rules import Rules
from legwatch.signals.movement import Movement, is_known
from legwatch.signals.occupancy import Occupancy

_LEVELS = tuple(Severity)
FIRST_CYCLE_MS = 6_000_000  # 100 min: a sleep cycle and the time to fall asleep


def still_since_ms(movement: Movement, presence: Occupancy, at_ms: int, rules: Rules) -> int | None:
    """Return since when the sleeper lies still, UTC ms; None if unknown.

    It counts only time that was watched, in bed, by a sensor that has seen a movement since entry:
    a blind sensor looks like stillness.
    """
    if presence.in_bed is not True or presence.entered_ms is None:
        return None
    turned = movement.turned_ms
    if turned is None or movement.heard_since_ms is None or not is_known(movement, at_ms, rules):
        return None
    if turned < presence.entered_ms - rules.presence.moves_in_s * 1000:
        return None
    if at_ms - turned > rules.stillness.proof_s * 1000:
        return None
    return max(turned, presence.entered_ms, movement.heard_since_ms)


def limits_s(rules: Rules) -> tuple[int, int, int]:
    """Return the log, warning and urgent limits in seconds, a care plan's before all; 0 is off."""
    plan = rules.care
    if plan.warn_s or plan.urgent_s:
        return rules.stillness.log_s, plan.warn_s, plan.urgent_s
    return rules.stillness.log_s, rules.stillness.warn_s, rules.stillness.urgent_s


def judge(
    movement: Movement,
    presence: Occupancy,
    at_ms: int,
    rules: Rules,
    *,
    firing: Severity | None,
    fired_ms: int | None,
) -> Verdict:
    """Judge whether the sleeper has been still too long; only a movement ends a firing alert."""
    if presence.in_bed is False:
        return no(Reason.LEFT_BED)
    turned = movement.turned_ms
    if firing and turned is not None and fired_ms is not None and turned > fired_ms:
        return MOVED
    since = still_since_ms(movement, presence, at_ms, rules)
    if since is None:
        missing = not is_known(movement, at_ms, rules)
        return unknown(Reason.MOVEMENT_MISSING if missing else Reason.PRESENCE_UNSURE)
    severity, rule, still_s = None, "", (at_ms - since) // 1000
    still_s -= _first_cycle_s(since, presence, rules)
    for name, limit_s in zip(_LEVELS, limits_s(rules), strict=True):
        if limit_s and still_s >= limit_s:
            severity, rule = name, _rule(name, rules)
    if severity is None:
        # Still firing, but the time starts later: data were missing in between, without a movement.
        return yes(firing, Reason.STILL_TOO_LONG, None) if firing else MOVED
    return yes(severity, Reason.STILL_TOO_LONG, since, rule)


def _first_cycle_s(since_ms: int, presence: Occupancy, rules: Rules) -> int:
    """Return the extra seconds in the first sleep cycle; 0 after it, or with a care plan."""
    planned = rules.care.warn_s or rules.care.urgent_s
    early = since_ms - (presence.entered_ms or 0) < FIRST_CYCLE_MS
    return rules.stillness.first_cycle_s if early and not planned else 0


def _rule(severity: Severity, rules: Rules) -> str:
    if severity is Severity.LOG:
        return "stillness.log_s"
    table = "care" if rules.care.warn_s or rules.care.urgent_s else "stillness"
    return f"{table}.{'warn_s' if severity is Severity.WARNING else 'urgent_s'}"
