"""The bed air and the movements of a planned night, as the sensors would see them.

Bed air follows its goal (covered, bare, under a fan, empty) with a first-order lag, and the
thermometer follows the bed air with its own. A DHT22 speaks every 15 s in steps of 0.1 °C.
"""

import math
from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from legwatch_device.nights.plan import Plan, Span

STEP_S = 15
SKIN_C = 33.0
FAN_K = 0.14  # fan on bare legs: 0.05-0.2 in the simulated bodies
COVER_MIN, BARE_MIN, EMPTY_MIN = 9.0, 5.0, 18.0  # lags of the bed air
STIRS = 3.0  # small movements for one change of posture
SHAPE = 0.6  # over-dispersion of posture changes (gamma)


class Row(NamedTuple):
    """One line of the recording; `s` since its begin."""

    s: float
    channel: str
    value: float


def rows(plan: Plan, chance: Random) -> list[Row]:
    """Return every line of the night in time order."""
    found = [*_air(plan, chance), *_movements(plan, chance)]
    if plan.mat:
        found += _mat(plan)
    found = [row for row in found if not within(row.s / 60, plan.holes)]
    return sorted(found)


def within(minute: float, spans: tuple[Span, ...]) -> bool:
    """Say whether a minute lies in one of the spans."""
    return any(begin <= minute < end for begin, end in spans)


def _air(plan: Plan, chance: Random) -> Iterator[Row]:
    bed_c = sensor_c = plan.room_c + (10.5 if plan.prewarmed else 0.0)
    stuck_c: float | None = None
    step_min = STEP_S / 60
    for i in range(int(plan.minutes * 60 / STEP_S)):
        minute = i * step_min
        room_c = plan.room_c + plan.drift_c_h * minute / 60 + 0.15 * math.sin(minute / 40)
        goal_c, lag_min = _goal(plan, minute, room_c)
        bed_c += (goal_c - bed_c) * (1 - math.exp(-step_min / lag_min))
        sensor_c += (bed_c - sensor_c) * (1 - math.exp(-step_min / plan.lag_min))
        seen_c = round(sensor_c + plan.offset_c + chance.gauss(0, 0.08), 1)
        lost = chance.random() < plan.missing
        if within(minute, plan.leg_stuck):
            stuck_c = seen_c if stuck_c is None else stuck_c
            seen_c = stuck_c
        if not lost and not within(minute, plan.leg_dead):
            damp = 45 + (10 if within(minute, plan.in_bed) else 0) + chance.gauss(0, 0.5)
            yield Row(i * STEP_S, "leg_temperature_c", seen_c)
            yield Row(i * STEP_S, "leg_humidity_pct", round(damp, 1))
        if i % 4 == 0:
            yield Row(i * STEP_S, "room_temperature_c", round(room_c + chance.gauss(0, 0.05), 1))
            yield Row(i * STEP_S, "room_humidity_pct", round(48 + chance.gauss(0, 0.4), 1))


def _goal(plan: Plan, minute: float, room_c: float) -> tuple[float, float]:
    """Return where the bed air is heading, and how fast (lag, minutes)."""
    if not within(minute, plan.in_bed):
        return room_c, EMPTY_MIN
    if within(minute, plan.fan):
        return room_c + FAN_K * (SKIN_C - room_c), BARE_MIN
    if within(minute, plan.bare):
        return room_c + plan.bare_k * (SKIN_C - room_c), BARE_MIN
    lag_min = 3.0 if plan.prewarmed else COVER_MIN
    return room_c + plan.covered_k * (SKIN_C - room_c), lag_min


def _movements(plan: Plan, chance: Random) -> Iterator[Row]:
    seconds: list[float] = []
    for begin, end in plan.in_bed:
        seconds += _turns(begin, end, plan.turns_h, chance)
        seconds += _turns(begin, end, plan.turns_h * STIRS, chance)
        seconds += [begin * 60 + 5 * n for n in range(6)]
        seconds += [end * 60 - 5 * n for n in range(1, 4)]
    for begin, end in plan.bare:  # a cover does not move by itself
        seconds += [edge * 60 - 5 * n for edge in (begin, end) for n in range(3)]
    blind = plan.movement_dead
    seen = {
        round(s, 1) for s in seconds if 0 <= s / 60 < plan.minutes and not within(s / 60, blind)
    }
    yield from (Row(s, "movement", 1) for s in sorted(seen))
    # A counter that is alive says so every minute, also when it has nothing to count.
    yield from (Row(m * 60.0, "movement", 0) for m in range(int(plan.minutes)))


def _turns(begin: float, end: float, an_hour: float, chance: Random) -> list[float]:
    """Draw movements whose rate itself varies through the night, as it does in sleepers."""
    found: list[float] = []
    hour = begin
    while hour < end:
        until = min(hour + 60, end)
        rate = chance.gammavariate(SHAPE, an_hour / SHAPE) / 60
        at = hour + (chance.expovariate(rate) if rate > 0 else math.inf)
        while at < until:
            found.append(at * 60)
            at += chance.expovariate(rate)
        hour = until
    return found


def _mat(plan: Plan) -> Iterator[Row]:
    for minute in range(0, int(plan.minutes), 5):
        yield Row(minute * 60.0, "in_bed", int(within(minute, plan.in_bed)))
    for begin, end in plan.in_bed:
        yield Row(begin * 60, "in_bed", 1)
        if end < plan.minutes:
            yield Row(end * 60, "in_bed", 0)
