"""Which readings of a thermometer are believed, and what the air was in the last minute."""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from legwatch.limits.rules import HealthLimits
from legwatch.named_tuples import maker
from legwatch.rounding import hundredths
from legwatch.shared import shared

STEPS_A_DEGREE = 10  # of a DHT22; a finer sensor is taken as if it were one
FINEST_C = 0.1
RECENT_STEP_MS = 120_000  # one mark of the trail every two minutes ...
RECENT_SAMPLES = 10  # ... which reaches back twenty
# Air does not change so within one reading after it was the same for so long: the sensor hung.
HUNG_MS, CAUGHT_UP_C, AT_ONCE_MS = 1_500_000, 1.5, 120_000


class Thermometer(NamedTuple):
    """One thermometer's memory: degrees Celsius, UTC ms, None is unknown."""

    celsius: float | None = None  # one-minute median of what was believed, None once stale
    good_ms: int | None = None  # the last believed reading
    good_since_ms: int | None = None  # believed without a stale hole since
    last_raw_c: float | None = None  # the last believed reading itself
    pending_jump: tuple[float, ...] = ()  # a jump that waits for confirmation
    same_since_ms: int | None = None  # since when `raw` has been exactly the same
    expected: bool = False  # this thermometer has been heard of
    implausible: bool = False  # the last reading was refused
    recent_c: tuple[float, ...] = ()  # marks of `celsius`, two minutes apart, newest last
    finest_c: float | None = None  # the smallest change seen: what the sensor's steps are
    # When it jumped to its present value after it had hung; None once it changes as air does.
    caught_up_ms: int | None = None


_make = maker(Thermometer)
MINUTE_MS = 60_000
RawSample = tuple[int, float]  # (at_ms, celsius as `quantize` gives it)


def is_believable(celsius: float, health: HealthLimits) -> bool:
    """Return True for a temperature that the air in a bed or a room can have."""
    return health.lowest_c < celsius <= health.highest_c and celsius != health.power_on_c


@lru_cache(maxsize=2048)  # the same readings come again and again
def quantize(celsius: float) -> float:
    """Return a reading to 0.1 °C, as the sensor tells it: what wavers by less decides nothing.

    Half a step goes up, always: an offset of 0.25 would else let every second step vanish.
    """
    return math.floor(celsius * STEPS_A_DEGREE + 0.5 + 1e-6) / STEPS_A_DEGREE


def update(
    thermometer: Thermometer,
    samples: Sequence[RawSample],
    at_ms: int,
    health: HealthLimits,
    *,
    fault: bool = False,
) -> Thermometer:
    """Take one minute's samples in; `at_ms` is its end, `fault` that the agent reported one."""
    celsius, good_ms, since, raw, step, same_ms, expected, refused, trail, finest_c = thermometer[
        :10
    ]
    caught_ms = thermometer.caught_up_ms
    lowest, highest, off, jump_c, jump_agree, stale_s = health[:6]
    stale_ms = stale_s * 1000
    believed: list[float] = []
    expected = expected or fault or bool(samples)
    # What it may repeat: a reading that was believed, and would be now.
    known_c = raw if raw is not None and lowest < raw <= highest and raw != off else None
    for when, value in samples:
        if value == known_c and good_ms is not None and when - good_ms <= stale_ms:
            if same_ms is not None:  # as many readings: the same again
                good_ms, step, refused = when, (), False
                believed.append(value)
                continue
        elif not lowest < value <= highest or value == off:
            refused = True
            continue
        change_c = 0.0 if raw is None else abs(value - raw)
        if raw is None or good_ms is None or when - good_ms > stale_ms:
            step, same_ms = (), None
        elif change_c > jump_c:
            agrees = step and abs(value - step[-1]) <= jump_c
            step = (*step, value) if agrees else (value,)
            if len(step) < jump_agree:
                continue
        if change_c or raw is None or same_ms is None:
            catches_up = change_c >= CAUGHT_UP_C and _has_hung(same_ms, good_ms, when)
            caught_ms = when if catches_up else None
            same_ms = when
            # Rounding a change that is not smaller changes nothing: 1 us less in a minute.
            if change_c and finest_c != FINEST_C and (finest_c is None or change_c < finest_c):
                finest_c = _finer(finest_c, change_c)
        raw = known_c = value
        good_ms, step, refused = when, (), False
        believed.append(value)
    if good_ms is None or at_ms - good_ms > stale_ms:
        return Thermometer(
            good_ms=good_ms,
            last_raw_c=raw,
            pending_jump=step,
            same_since_ms=same_ms,
            expected=expected,
            implausible=refused,
            finest_c=finest_c,
            caught_up_ms=caught_ms,
        )
    if celsius is None:
        since = good_ms
    if believed:
        celsius = _median(believed)
    if celsius is not None and (at_ms % RECENT_STEP_MS == 0 or not trail):
        trail = (*trail[1 - RECENT_SAMPLES :], celsius)
    return _make(
        (celsius, good_ms, since, raw, step, same_ms, expected, refused, trail, finest_c, caught_ms)
    )


def _has_hung(same_ms: int | None, good_ms: int | None, when: int) -> bool:
    """Return True if a sensor had hung until now: it jumps to where the air has long been."""
    if same_ms is None or good_ms is None:
        return False
    return good_ms - same_ms >= HUNG_MS and when - good_ms <= AT_ONCE_MS


def _finer(finest_c: float | None, change_c: float) -> float | None:
    """Return the smallest change that was seen, C."""
    change_c = round(change_c, 1)
    if not change_c or (finest_c is not None and finest_c <= change_c):
        return finest_c
    return max(FINEST_C, change_c)


def _median(values: list[float]) -> float:
    """Return the median to 0.01 °C; the values have only tenths, so most need no rounding."""
    values.sort()
    count = len(values)
    half = count // 2
    middle_c = values[half]
    if count % 2 or values[half - 1] == middle_c:
        return middle_c
    return shared(hundredths((values[half - 1] + middle_c) / 2))


def drop_c(thermometer: Thermometer) -> float:
    """Return by how much the air has fallen within the last ten minutes, at least 0."""
    celsius, recent_c = thermometer.celsius, thermometer.recent_c
    if celsius is None or not recent_c:
        return 0.0
    highest = max(recent_c[-6:])
    return hundredths(highest - celsius) if highest > celsius else 0.0


def rise_10_min_c(thermometer: Thermometer) -> float:
    """Return by how much the air has risen within the last ten minutes, at least 0."""
    if thermometer.celsius is None or not thermometer.recent_c:
        return 0.0
    return max(0.0, round(thermometer.celsius - min(thermometer.recent_c[-6:]), 2))


def rise_20_min_c(thermometer: Thermometer) -> float:
    """Return by how much the air has risen within the last twenty minutes, at least 0."""
    if thermometer.celsius is None or not thermometer.recent_c:
        return 0.0
    return max(0.0, round(thermometer.celsius - min(thermometer.recent_c), 2))


def has_come_back(thermometer: Thermometer, at_ms: int) -> bool:
    """Return True if its readings have come, or come back, in the minute that ends at `at_ms`."""
    return at_ms - (thermometer.good_since_ms or 0) < MINUTE_MS
