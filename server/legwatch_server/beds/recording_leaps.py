"""How far a recording's time line may leap.

A minute that nobody sent costs as much to judge as one that came. A recording may have holes of
days between its nights; one that leaps back and forth all the time would keep the server from every
other bed.
"""

from typing import NamedTuple

from legwatch.engine import BACK_MS, MINUTE_MS, SETTLE_MINUTES

FREE_BACK_MINUTES = BACK_MS // MINUTE_MS  # so far back a window is only out of order
FREE_MINUTES = 30  # a hole that a recording has in a night: nothing is counted for it
MOST_MINUTES = 100_000  # some five seconds of work on a desktop; two months of nights at once
MINUTES_A_S = 100.0  # and half a hundredth of a processor from then on
BACK_MINUTES = 60  # what a time line that begins anew is counted as


class LeapAllowance(NamedTuple):
    """One bed's allowance, in minutes to judge. It fills again with real time."""

    left: float = MOST_MINUTES
    at_ms: int | None = None  # real time

    def after(self, from_ms: int, to_ms: int, now_ms: int) -> "LeapAllowance | None":
        """Return what is left after a leap of the time line at `now_ms`; None: it is too much."""
        left = self.left
        if self.at_ms is not None:
            passed_s = max(0, now_ms - self.at_ms) / 1000
            left = min(MOST_MINUTES, left + passed_s * MINUTES_A_S)
        left -= _cost((to_ms - from_ms) // MINUTE_MS)
        return LeapAllowance(left, now_ms) if left >= 0 else None


def _cost(minutes: int) -> int:
    if minutes < -FREE_BACK_MINUTES:
        return BACK_MINUTES
    return 0 if minutes <= FREE_MINUTES else min(minutes, 2 * SETTLE_MINUTES)
