"""Limit the warnings that wake people in one night; urgent and health alerts are exempt."""

from typing import NamedTuple

from legwatch.limits.rules import Rules
from legwatch.night import night_of


class Budget(NamedTuple):
    """The warnings that used up the budget of one night."""

    night: int = 0  # ordinal of the night's date
    used: int = 0
    last_ms: int | None = None


def allows(budget: Budget, at_ms: int, rules: Rules) -> bool:
    """Return True if one more warning may be pushed now."""
    _, used = _tonight(budget, at_ms, rules)
    gap_ms = rules.alerts.budget_gap_s * 1000
    rested = budget.last_ms is None or at_ms - budget.last_ms >= gap_ms
    return used < rules.alerts.budget and rested


def spend(budget: Budget, at_ms: int, rules: Rules) -> Budget:
    """Count one warning that is pushed now."""
    night, used = _tonight(budget, at_ms, rules)
    return Budget(night, used + 1, at_ms)


def _tonight(budget: Budget, at_ms: int, rules: Rules) -> tuple[int, int]:
    night = night_of(at_ms, rules.zone).toordinal()
    return night, budget.used if night == budget.night else 0
