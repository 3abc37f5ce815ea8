"""Which limits on lying still count: those of a care plan go before all, and both may be off."""

from legwatch.events import AlertKind
from legwatch.limits.rules import Rules


def limits_s(rules: Rules) -> tuple[int, int, int]:
    """Return the log, warning and urgent limits in seconds, a care plan's before all; 0 is off."""
    limits, (warn_s, urgent_s) = rules.stillness, rules.care
    if warn_s or urgent_s:
        return limits.log_s, warn_s, urgent_s
    return limits.log_s, limits.warn_s, limits.urgent_s


def switched_off(rules: Rules) -> frozenset[AlertKind]:
    """Return the body alerts that can never come by these limits."""
    return frozenset(() if any(limits_s(rules)[1:]) else {AlertKind.STILL})


def is_planned(rules: Rules) -> bool:
    """Return True if a carer has set limits."""
    return bool(rules.care.warn_s or rules.care.urgent_s)
