"""Somebody in bed, by the slow level of a strip; which level means what is learned.

Nobody knows beforehand how a mattress loads a strip. A level that doubles within two minutes and
stays is somebody who got in; one that falls to half is somebody who got out. From then on both
levels are known, and each is followed while it lasts, since a strip creeps for hours. Before, and
between the two levels, the answer is unknown.
"""

from collections import deque

from legwatch.middle import median
from legwatch_runtime.clock import Instant

GAP_S = 5.0  # levels further apart are not compared
KEPT_S, BEFORE_S, AFTER_S = 120, 30, 15
LEAST_STEP = 0.02  # of the supply
RATIO = 2.0
STEADY = 0.3  # of a step: levels that vary more have not settled
FULL, EMPTY = 0.4, 0.25  # of the way from empty to full: above, somebody is there; below, nobody
IN_S, OUT_S, UNSURE_S = 5.0, 20.0, 60.0  # a level must last so long
FULL_TAU_S, FALL_TAU_S, RISE_TAU_S = 1800.0, 120.0, 3600.0


class StripPresence:
    """Judges the level of a strip.

    `over`: the fraction of the supply that is somebody in bed; None: it is learned.
    """

    def __init__(self, *, rises: bool, over: float | None, at: Instant) -> None:
        self._rises = rises
        self._empty: float | None = None
        self._full = 1.0
        self._follows = over is None
        if over is not None:
            self._empty, self._full = _around(over if rises else 1 - over)
        self._second_at = self._zone_at = at
        self._sum, self._count = 0.0, 0
        self._levels: deque[float] = deque(maxlen=KEPT_S)
        self._zone: bool | None = None
        self._in_bed: bool | None = None

    def add(self, value: float, at: Instant) -> None:
        """Take a sample."""
        passed_s = at.since(self._second_at)
        if passed_s > GAP_S:  # what was before it is old
            self._levels.clear()
            self._sum, self._count, self._second_at = 0.0, 0, at
            self._in_bed, self._zone, self._zone_at = None, None, at
        self._sum, self._count = self._sum + value, self._count + 1
        if 1.0 <= passed_s <= GAP_S:
            level = self._sum / self._count
            self._sum, self._count, self._second_at = 0.0, 0, at
            self._levels.append(level if self._rises else 1 - level)
            self._judge(passed_s, at)

    def present(self, _at: Instant) -> bool | None:
        """Return if somebody is in bed; None: unknown."""
        return self._in_bed

    def _judge(self, passed_s: float, at: Instant) -> None:
        level = median(list(self._levels)[-5:])
        if self._empty is None:
            self._learn(at)
            return
        share = (level - self._empty) / (self._full - self._empty)
        zone = True if share > FULL else False if share < EMPTY else None
        if zone is not self._zone:
            self._zone, self._zone_at = zone, at
        if at.since(self._zone_at) >= _LASTS_S[zone]:
            self._in_bed = zone
            if self._follows:
                self._follow(level, passed_s)

    def _learn(self, at: Instant) -> None:
        """Look for the step of somebody who got in or out."""
        levels = list(self._levels)
        if len(levels) < KEPT_S:
            return
        last = levels[-AFTER_S:]
        before, after = median(levels[:BEFORE_S]), median(last)
        low, high = max(0.0, min(before, after)), max(before, after)
        step = high - low
        if step < LEAST_STEP or high < RATIO * low or max(last) - min(last) > STEADY * step:
            return
        self._empty, self._full = low, high
        self._in_bed = self._zone = after > before
        self._zone_at = at

    def _follow(self, level: float, passed_s: float) -> None:
        """Follow the level of the state that lasts: slowly, and down at once to an emptier bed."""
        assert self._empty is not None
        if self._in_bed:
            self._full += (level - self._full) * passed_s / FULL_TAU_S
        elif self._in_bed is False:
            tau_s = FALL_TAU_S if level < self._empty else RISE_TAU_S
            self._empty += (level - self._empty) * passed_s / tau_s
        self._full = max(self._full, self._empty + LEAST_STEP)


_LASTS_S: dict[bool | None, float] = {True: IN_S, False: OUT_S, None: UNSURE_S}


def _around(over: float) -> tuple[float, float]:
    """Return an empty and a full level with `over` where somebody begins to be there."""
    width = max(LEAST_STEP, over / 2)
    return over - FULL * width, over + (1 - FULL) * width
