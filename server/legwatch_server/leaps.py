"""How far a recording's time line may leap.

A minute that nobody sent costs as much to judge as one that came. A recording may have holes of
days between its nights; one that leaps back and forth all the time would keep the server from every
other bed.
"""

from legwatch.engine import MINUTE_MS, SETTLE_MINUTES

FREE_MINUTES = 30  # a hole that a recording has in a night: nothing is counted for it
MOST_MINUTES = 100_000  # some five seconds of work on a desktop; two months of nights at once
MINUTES_A_S = 100.0  # and half a hundredth of a processor from then on
BACK_MINUTES = 60  # what a time line that begins anew is counted as


class Leaps:
    """One bed's allowance, in minutes to judge. It fills again with real time."""

    def __init__(self) -> None:
        self._left = float(MOST_MINUTES)
        self._at_ms: int | None = None

    def allows(self, from_ms: int, to_ms: int, now_ms: int) -> bool:
        """Say whether the time line may go from one time to another, at `now_ms` real time."""
        if self._at_ms is not None:
            passed_s = max(0, now_ms - self._at_ms) / 1000
            self._left = min(MOST_MINUTES, self._left + passed_s * MINUTES_A_S)
        self._at_ms = now_ms
        cost = _cost((to_ms - from_ms) // MINUTE_MS)
        if cost > self._left:
            return False
        self._left -= cost
        return True


def _cost(minutes: int) -> int:
    if minutes < 0:
        return BACK_MINUTES
    return 0 if minutes <= FREE_MINUTES else min(minutes, 2 * SETTLE_MINUTES)
