"""How many warnings may wake a sleeper in one night. Urgent and health alerts stand outside it."""

from typing import NamedTuple

from legwatch.limits.rules import Rules
from legwatch.night import night_of


class Budget(NamedTuple):
    """What this night has used."""

    night: int = 0  # ordinal of the night's date
    used: int = 0
    last_ms: int | None = None


def allow(budget: Budget, at_ms: int, rules: Rules) -> tuple[bool, Budget]:
    """Say whether one more warning may be pushed now; if so it is counted."""
    night = night_of(at_ms, rules.zone).toordinal()
    used = budget.used if night == budget.night else 0
    gap_ms = rules.alerts.budget_gap_s * 1000
    rested = budget.last_ms is None or at_ms - budget.last_ms >= gap_ms
    if used >= rules.alerts.budget or not rested:
        return False, budget
    return True, Budget(night, used + 1, at_ms)
