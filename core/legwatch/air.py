"""Which readings of a thermometer are believed, and what the air was in the last minute."""

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from legwatch.rules import Health

TRAIL_STEP_MS = 120_000  # one mark of the trail every two minutes ...
TRAIL_MARKS = 10  # ... which reaches back twenty


class Air(NamedTuple):
    """One thermometer's memory: degrees Celsius, UTC ms, None is unknown."""

    celsius: float | None = None  # one-minute median of what was believed, None once stale
    good_ms: int | None = None  # the last believed reading
    good_since_ms: int | None = None  # believed without a stale hole since
    raw: float | None = None  # the last believed reading itself
    step: tuple[float, ...] = ()  # a jump that waits for confirmation
    same_since_ms: int | None = None  # since when `raw` has been exactly the same
    expected: bool = False  # this thermometer has been heard of
    implausible: bool = False  # the last reading was refused
    trail: tuple[float, ...] = ()  # marks of `celsius`, two minutes apart, newest last


Sample = tuple[int, float | None, bool]  # (at_ms, celsius, a fault was reported)


def plausible(celsius: float, health: Health) -> bool:
    """Say whether air in a bedroom can have this temperature."""
    return health.lowest_c < celsius <= health.highest_c and celsius != health.power_on_c


def listen(air: Air, samples: Sequence[Sample], at_ms: int, health: Health) -> Air:
    """Take one minute's samples in; `at_ms` is the end of the minute."""
    good_ms, raw, step, same_ms = air.good_ms, air.raw, air.step, air.same_since_ms
    expected, refused = air.expected, air.implausible
    believed: list[float] = []
    for when, value, fault in samples:
        expected = expected or fault or value is not None
        if value is None:
            continue
        if not plausible(value, health):
            refused = True
            continue
        known = good_ms is not None and raw is not None and when - good_ms <= health.stale_s * 1000
        if known and raw is not None and abs(value - raw) > health.jump_c:
            agrees = bool(step) and abs(value - step[-1]) <= health.jump_c
            step = (*step, value) if agrees else (value,)
            if len(step) < health.jump_agree:
                continue
        step, refused = (), False
        if value != raw or same_ms is None:
            same_ms = when
        raw, good_ms = value, when
        believed.append(value)
    fresh = good_ms is not None and at_ms - good_ms <= health.stale_s * 1000
    celsius = round(median(believed), 2) if believed else (air.celsius if fresh else None)
    since = air.good_since_ms if air.celsius is not None else good_ms
    trail = air.trail
    if celsius is None:
        since, trail = None, ()
    elif at_ms % TRAIL_STEP_MS == 0 or not trail:
        trail = (*trail[1 - TRAIL_MARKS :], celsius)
    return Air(celsius, good_ms, since, raw, step, same_ms, expected, refused, trail)


def fall(air: Air) -> float:
    """Return by how much the air has fallen within the last ten minutes, at least 0."""
    if air.celsius is None or not air.trail:
        return 0.0
    return max(0.0, max(air.trail[-6:]) - air.celsius)


def rise(air: Air) -> float:
    """Return by how much the air has risen within the last twenty minutes, at least 0."""
    if air.celsius is None or not air.trail:
        return 0.0
    return max(0.0, air.celsius - min(air.trail))
