"""Limits how far and how often a recording's timeline may leap.

The engine judges every minute of a gap, and a minute without a window takes as long as a minute
with one. A recording may have gaps of days between its nights. A recording that leaps back and
forth all the time would keep the server too busy for the other beds.
"""

from typing import NamedTuple

from legwatch.engine import BACK_MS, MINUTE_MS, SETTLE_MINUTES

FREE_BACK_MINUTES = BACK_MS // MINUTE_MS  # a smaller step back is only a window out of order
FREE_MINUTES = 30  # a gap this long is usual within a night and costs nothing
FREE_MS = FREE_MINUTES * MINUTE_MS
MOST_MINUTES = 100_000  # about 5 s of work on a desktop; enough for two months of nights at once
MINUTES_A_S = 100.0  # the refill: about 0.5 % of one processor
BACK_MINUTES = 60  # the cost of a leap back to a new timeline


class LeapAllowance(NamedTuple):
    """One bed's budget for leaps, in minutes to judge. Real time refills the budget."""

    left: float = 0.0
    at_ms: int | None = None  # UTC of the last leap; None: there was none, and all is left

    def after(self, from_ms: int, to_ms: int, now_ms: int) -> "LeapAllowance | None":
        """Return the allowance after a leap at real time `now_ms`; None if too little is left."""
        cost = _cost((to_ms - from_ms) // MINUTE_MS)
        if not cost:
            return self  # as for nearly all windows: what comes back is reckoned with the next leap
        left = self._left(now_ms) - cost
        return LeapAllowance(left, now_ms) if left >= 0 else None

    def _left(self, now_ms: int) -> float:
        if self.at_ms is None:
            return MOST_MINUTES
        passed_s = max(0, now_ms - self.at_ms) / 1000
        return min(MOST_MINUTES, self.left + passed_s * MINUTES_A_S)


def _cost(minutes: int) -> int:
    if minutes < -FREE_BACK_MINUTES:
        return BACK_MINUTES
    return 0 if minutes <= FREE_MINUTES else min(minutes, 2 * SETTLE_MINUTES)
