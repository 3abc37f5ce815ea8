"""Limit the warnings that wake people in one night; urgent and health alerts are exempt."""

from typing import NamedTuple

from legwatch.limits.rules import Rules
from legwatch.night import night_of


class Budget(NamedTuple):
    """The warnings that used up the budget of one night."""

    night: int = 0  # ordinal of the night's date
    used: int = 0
    last_ms: int | None = None


def allow(budget: Budget, at_ms: int, rules: Rules) -> tuple[bool, Budget]:
    """Return whether one more warning may be pushed now; the new budget counts this warning."""
    night = night_of(at_ms, rules.zone).toordinal()
    used = budget.used if night == budget.night else 0
    gap_ms = rules.alerts.budget_gap_s * 1000
    rested = budget.last_ms is None or at_ms - budget.last_ms >= gap_ms
    if used >= rules.alerts.budget or not rested:
        return False, budget
    return True, Budget(night, used + 1, at_ms)
