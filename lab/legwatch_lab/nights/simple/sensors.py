"""The sensor readings of a made night: with lag, rounding and offset, and some are missing."""

import math
from collections.abc import Iterator, Sequence
from random import Random
from typing import NamedTuple

from legwatch_lab.nights.simple.air import STEP_S, Climate
from legwatch_lab.nights.spans import MINUTE_S, NightPlan, inside

MISSED = 0.2  # share of a DHT22's reads that fail; 0.25-0.75 have been seen
NOISE_C = 0.05
NOISE_RH = 0.4
COUNT_S = 10  # the movement sensor sends its count this often, also 0
MAT_S = 5 * MINUTE_S  # the mat repeats its state this often


class ReplayRow(NamedTuple):
    """One line of a replay file, with its time in seconds from the begin."""

    at_s: int
    channel: str
    value: str


def rows(plan: NightPlan, climate: Climate, moved: dict[int, int], rng: Random) -> list[ReplayRow]:
    """Return all readings in the order of time."""
    leg, room = plan.offsets_c
    found = [
        *_thermometer(
            name="leg", plan=plan, air_c=climate.leg_c, air_rh=climate.leg_rh, offset_c=leg, rng=rng
        ),
        *_thermometer(
            name="room",
            plan=plan,
            air_c=climate.room_c,
            air_rh=climate.room_rh,
            offset_c=room,
            rng=rng,
        ),
        *_movement(plan, moved),
        *_mat(plan),
    ]
    off = [fault.span for fault in plan.faults if fault.sensor == "agent"]
    return sorted(row for row in found if not inside(off, row.at_s))


def _thermometer(
    name: str,
    plan: NightPlan,
    air_c: Sequence[float],
    air_rh: Sequence[float],
    offset_c: float,
    rng: Random,
) -> Iterator[ReplayRow]:
    faults = [fault for fault in plan.faults if fault.sensor == name]
    follow = 1 - math.exp(-STEP_S / plan.lag_s)
    celsius, pct = air_c[0], air_rh[0]
    shift_s = 0 if name == "leg" else 3  # the two thermometers share a bus and take turns
    stuck: tuple[str, str] | None = None
    for i in range(plan.length_s // STEP_S):
        at_s = i * STEP_S + shift_s
        celsius += follow * (air_c[i] - celsius)
        pct += follow * (air_rh[i] - pct)
        missed = rng.random() < MISSED
        read = (
            f"{celsius + offset_c + rng.gauss(0, NOISE_C):.1f}",
            f"{max(0.0, min(100.0, pct + rng.gauss(0, NOISE_RH))):.1f}",
        )
        what = next((fault.what for fault in faults if inside([fault.span], at_s)), None)
        if what == "zeros":
            read = ("0.0", "0.0")
        elif what == "stuck":
            stuck = read = stuck or read
        if not missed and what != "silent":
            yield ReplayRow(at_s, f"{name}_temperature_c", read[0])
            yield ReplayRow(at_s, f"{name}_humidity_pct", read[1])


def _movement(plan: NightPlan, moved: dict[int, int]) -> Iterator[ReplayRow]:
    faults = [fault for fault in plan.faults if fault.sensor == "movement"]
    counts: dict[int, int] = {}
    for at_s, count in moved.items():
        if not any(inside([fault.span], at_s) for fault in faults):
            counts[at_s // COUNT_S] = counts.get(at_s // COUNT_S, 0) + count
    for i in range(plan.length_s // COUNT_S):
        yield ReplayRow(i * COUNT_S + COUNT_S - 1, "movement", str(counts.get(i, 0)))


def _mat(plan: NightPlan) -> Iterator[ReplayRow]:
    if not plan.mat:
        return
    edges = {edge for span in plan.in_bed for edge in span if edge < plan.length_s}
    for at_s in sorted({*range(0, plan.length_s, MAT_S), *edges}):
        yield ReplayRow(at_s, "in_bed", "1" if inside(plan.in_bed, at_s) else "0")
