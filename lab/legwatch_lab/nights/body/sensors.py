"""The sensor readings of a made night; no other part depends on the sensors."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from legwatch_lab.nights.body.bed_air import STEP_S, BedAir, saturated_kpa
from legwatch_lab.nights.body.movements import MovementTimes
from legwatch_lab.nights.body.scenario import Scenario
from legwatch_lab.nights.simple.sensors import COUNT_S, MAT_S, MISSED, NOISE_C, NOISE_RH, ReplayRow
from legwatch_lab.nights.spans import HOUR_S, MINUTE_S, Fault, inside

SLOW_S = 20 * MINUTE_S
OFFSET_SD_C, OFFSET_MOST_C = 0.35, 1.0  # a DHT22 has up to 0.5 C, and some have more
UPON_C, UPON_S = (33.5, 35.0), 8 * MINUTE_S  # under a leg, the sensor comes near skin temperature
SPURIOUS_PER_H = 6.0  # false counts: 0-2 in ten minutes


@dataclass(frozen=True, slots=True)
class SensorOptions:
    """The options of the command line for the sensors; None: at random."""

    lag_s: float | None = None
    lost: float = MISSED
    leg_offset_c: float = 0.0  # added to the random offset


@dataclass(frozen=True, slots=True)
class SensorErrors:
    """The errors of the sensors of one night."""

    leg_lag_s: float
    room_lag_s: float
    leg_offset_c: float
    room_offset_c: float
    lost: float
    movement: str  # normal, deaf or nervous
    missed: float  # share of turns that a deaf movement sensor misses
    upon_c: float
    displaced_c: float


def draw(scenario: Scenario, asked: SensorOptions, rng: Random) -> SensorErrors:
    """Draw the errors of the sensors; an option changes its own value and no other."""
    leg_lag_s, room_lag_s = lag_drawn_s(rng), lag_drawn_s(rng)
    leg_c, room_c = offset_drawn_c(rng), offset_drawn_c(rng)
    kind_share, missed = rng.random(), rng.uniform(0.3, 0.5)
    movement = "deaf" if kind_share < 0.1 else "nervous" if kind_share < 0.2 else "normal"
    lag_s = leg_lag_s if asked.lag_s is None else asked.lag_s
    if any(fault.what == "slow" for fault in scenario.faults):
        lag_s = SLOW_S
    return SensorErrors(
        leg_lag_s=round(lag_s),
        room_lag_s=round(room_lag_s),
        leg_offset_c=round(leg_c + asked.leg_offset_c, 2),
        room_offset_c=round(room_c, 2),
        lost=asked.lost,
        movement=movement,
        missed=missed if movement == "deaf" else 0.0,
        upon_c=round(rng.uniform(*UPON_C), 2),
        displaced_c=round(rng.uniform(0.0, 0.3), 2),
    )


def rows(
    scenario: Scenario, air: BedAir, moved: MovementTimes, sensors: SensorErrors, rng: Random
) -> list[ReplayRow]:
    """Return all readings in the order of time."""
    found = [
        *_leg(scenario, air, sensors, rng),
        *_room(scenario, air, sensors, rng),
        *_movement(scenario, moved, sensors, rng),
        *_mat(scenario),
    ]
    off = [fault.span for fault in scenario.faults if fault.sensor == "agent"]
    return sorted(row for row in found if not inside(off, row.at_s))


def _leg(
    scenario: Scenario, air: BedAir, sensors: SensorErrors, rng: Random
) -> Iterator[ReplayRow]:
    faults = [fault for fault in scenario.faults if fault.sensor == "leg"]
    celsius, kpa = list(air.leg_c), list(air.leg_kpa)
    for fault in faults:
        _misplaced(fault, air, sensors, celsius, kpa)
    yield from thermometer(
        name="leg",
        air_c=celsius,
        air_kpa=kpa,
        lag_s=sensors.leg_lag_s,
        offset_c=sensors.leg_offset_c,
        lost=sensors.lost,
        faults=faults,
        rng=rng,
    )


def _room(
    scenario: Scenario, air: BedAir, sensors: SensorErrors, rng: Random
) -> Iterator[ReplayRow]:
    faults = [fault for fault in scenario.faults if fault.sensor == "room"]
    lag_s, offset_c = sensors.room_lag_s, sensors.room_offset_c
    yield from thermometer(
        name="room",
        air_c=air.room_c,
        air_kpa=air.room_kpa,
        lag_s=lag_s,
        offset_c=offset_c,
        lost=sensors.lost,
        faults=faults,
        rng=rng,
    )


def _misplaced(
    fault: Fault, air: BedAir, sensors: SensorErrors, celsius: list[float], kpa: list[float]
) -> None:
    """Change `celsius` and `kpa` in place: to the room's air if displaced, to skin if lain upon."""
    if fault.what not in ("displaced", "lain_upon"):
        return
    upon = celsius[fault.span.from_s // STEP_S]
    follow = 1 - math.exp(-STEP_S / UPON_S)
    for i in range(fault.span.from_s // STEP_S, min(len(celsius), fault.span.to_s // STEP_S)):
        if fault.what == "displaced":
            celsius[i] = air.room_c[i] + sensors.displaced_c
            kpa[i] = air.room_kpa[i]
        else:
            upon += follow * (sensors.upon_c - upon)
            celsius[i] = upon


def thermometer(
    name: str,
    air_c: list[float],
    air_kpa: list[float],
    lag_s: float,
    offset_c: float,
    lost: float,
    faults: list[Fault],
    rng: Random,
) -> Iterator[ReplayRow]:
    """Yield the readings of one thermometer."""
    follow = 1 - math.exp(-STEP_S / lag_s)
    celsius, kpa = air_c[0], air_kpa[0]
    shift_s = 0 if name == "leg" else 3  # the two thermometers share a bus and take turns
    stuck: tuple[str, str] | None = None
    for i, (true_c, true_kpa) in enumerate(zip(air_c, air_kpa, strict=True)):
        at_s = i * STEP_S + shift_s
        celsius += follow * (true_c - celsius)
        kpa += follow * (true_kpa - kpa)
        missed = rng.random() < lost
        pct = 100 * kpa / saturated_kpa(celsius) + rng.gauss(0, NOISE_RH)
        read = (
            f"{celsius + offset_c + rng.gauss(0, NOISE_C):.1f}",
            f"{max(5.0, min(99.9, pct)):.1f}",
        )
        what = next((fault.what for fault in faults if inside([fault.span], at_s)), None)
        if what == "zeros":
            read = ("0.0", "0.0")
        elif what == "stuck":
            stuck = read = stuck or read
        if not missed and what != "silent":
            yield ReplayRow(at_s, f"{name}_temperature_c", read[0])
            yield ReplayRow(at_s, f"{name}_humidity_pct", read[1])


def _movement(
    scenario: Scenario, moved: MovementTimes, sensors: SensorErrors, rng: Random
) -> Iterator[ReplayRow]:
    faults = [fault for fault in scenario.faults if fault.sensor == "movement"]
    seen = [moved.others, *(s for s in moved.shifts.values() if rng.random() >= sensors.missed)]
    counts: dict[int, int] = {}
    for burst in seen:
        for at_s, count in burst.items():
            counts[at_s // COUNT_S] = counts.get(at_s // COUNT_S, 0) + count
    spurious = SPURIOUS_PER_H * COUNT_S / HOUR_S if sensors.movement == "nervous" else 0.0
    for i in range(scenario.length_s // COUNT_S):
        count = counts.get(i, 0) + (rng.random() < spurious)
        at_s = i * COUNT_S + COUNT_S - 1
        what = next((fault.what for fault in faults if inside([fault.span], at_s)), None)
        if what != "silent":
            yield ReplayRow(at_s, "movement", "0" if what == "blind" else str(count))


def _mat(scenario: Scenario) -> Iterator[ReplayRow]:
    edges = {edge for span in scenario.in_bed for edge in span if edge < scenario.length_s}
    for at_s in sorted({*range(0, scenario.length_s, MAT_S), *edges}):
        yield ReplayRow(at_s, "in_bed", "1" if inside(scenario.in_bed, at_s) else "0")


def lag_drawn_s(rng: Random) -> float:
    """Draw the lag of a thermometer."""
    return MINUTE_S * math.pow(9.0, rng.random())  # 1-9 min, log-uniform


def offset_drawn_c(rng: Random) -> float:
    """Draw the offset of a thermometer."""
    return max(-OFFSET_MOST_C, min(OFFSET_MOST_C, rng.gauss(0.0, OFFSET_SD_C)))
