"""The skin temperature of legs and feet in a made night: the body model JOS-3, minute by minute.

JOS-3 has an error of 1.5 C on a leg and 2.5 C on a foot. It has no mattress, no heat stored in the
cover and no cold feet of old people. Use it to compare rules. Never use it to state the skin
temperature of a person.
"""

import os
from collections.abc import Sequence
from itertools import groupby, pairwise
from typing import Any, NamedTuple

from legwatch_lab.nights.body import bedding
from legwatch_lab.nights.body.person import Sleeper
from legwatch_lab.nights.body.scenario import Scenario, Uncovering
from legwatch_lab.nights.spans import MINUTE_S, inside

STILL_M_S = 0.05
ROOM_STEP_C = 0.2  # the body model gets the room temperature in such steps
# One-minute steps for 45 min after a change, then longer ones: legs within 0.1 C, feet 0.2 C.
ANSWERED_MIN, LONG_MIN = 45, 5
# Two hours in a chair come before the night. So the feet of a woman of 70 have 26.5 C at bedtime
# after a room of 20 C, and 23.1 C after 16 C. In a winter bed they reach 32 C in 31 and 80 min.
EVENING_STEPS, EVENING_STEP_S, CHAIR_PAR = 24, 300, 1.2
DRESSED_CLO, UP_CLO, SLIPPER_CLO = 1.0, 0.6, 0.3
SIDES = {"near": "left", "far": "right"}
HEAD = {"head": 0.0, "neck": 0.0}  # uncovered; JOS-3 needs its parts in this order
TRUNK = ("chest", "back", "pelvis")
PARTS = ("shoulder", "arm", "hand", "thigh", "leg", "foot")


class SkinTemperatures(NamedTuple):
    """Skin in C, one value per minute; the near leg lies beside the sensor."""

    near_leg: list[float]
    far_leg: list[float]
    near_foot: list[float]
    far_foot: list[float]


class Surroundings(NamedTuple):
    """The surroundings of the body for some time."""

    where: str  # evening, bed or up
    air_c: float
    bedding: str = "sheet"
    insulation: float = 1.0  # factor on the clo of this bedding
    bare: tuple[str, str] | None = None  # what is uncovered, and on which side
    m_s: float = STILL_M_S


def skin(scenario: Scenario) -> SkinTemperatures:
    """Run the body model through the night."""
    model = body(scenario.sleeper)
    surround(model, Surroundings("evening", scenario.evening_c))
    model.simulate(EVENING_STEPS, dtime=EVENING_STEP_S)
    minutes = [
        around(scenario, at_s + MINUTE_S // 2) for at_s in range(0, scenario.length_s, MINUTE_S)
    ]
    steps: list[int] = []
    since_min, before = 0, minutes[0]
    for now, same in groupby(minutes):
        since_min = since_min if now._replace(air_c=before.air_c) == before else 0
        length_min, before = sum(1 for _ in same), now
        surround(model, now)
        for count, step_min in _paces(length_min, since_min):
            model.simulate(count, dtime=step_min * MINUTE_S)
            steps += [step_min] * count
        since_min += length_min
    skin_c = model.results().t_skin
    named = (skin_c.left_leg, skin_c.right_leg, skin_c.left_foot, skin_c.right_foot)
    return SkinTemperatures(*(_each_minute(part[-len(steps) - 1 :], steps) for part in named))


def _paces(length_min: int, since_min: int) -> list[tuple[int, int]]:
    """Return the steps as (count, minutes): short ones while the body responds to a change."""
    at_first = min(length_min, max(0, ANSWERED_MIN - since_min))
    long, rest = divmod(length_min - at_first, LONG_MIN)
    paces = [(at_first, 1), (long, LONG_MIN), (rest, 1)]
    return [(count, step_min) for count, step_min in paces if count]


def _each_minute(ends: Sequence[float], steps: list[int]) -> list[float]:
    """Interpolate the minutes between the ends of the steps."""
    found = []
    for (a, b), step_min in zip(pairwise(map(float, ends)), steps, strict=True):
        found += [round(a + (b - a) * (i + 1) / step_min, 2) for i in range(step_min)]
    return found


def around(scenario: Scenario, at_s: int) -> Surroundings:
    """Return the surroundings of the sleeper at `at_s`."""
    if not scenario.in_bed or at_s < scenario.in_bed[0].from_s:
        return Surroundings("evening", scenario.evening_c)
    air_c = round(round(scenario.room.at(at_s) / ROOM_STEP_C) * ROOM_STEP_C, 1)
    if not inside(scenario.in_bed, at_s):
        return Surroundings("up", air_c)
    bare = bare_at(scenario, at_s)
    uncovered = (bare.what, bare.side) if bare else None
    m_s = fan_at(scenario, at_s) or STILL_M_S
    return Surroundings(
        where="bed",
        air_c=air_c,
        bedding=scenario.bedding,
        insulation=scenario.insulation,
        bare=uncovered,
        m_s=m_s,
    )


def bare_at(scenario: Scenario, at_s: float) -> Uncovering | None:
    """Return the uncovering at `at_s`; None if legs and feet are covered."""
    return next((bare for bare in scenario.bare if inside([bare.span], at_s)), None)


def fan_at(scenario: Scenario, at_s: float) -> float:
    """Return the speed of the air over the bed in m/s; 0 without a fan."""
    return next((fan.m_s for fan in scenario.fan if inside([fan.span], at_s)), 0.0)


def body(who: Sleeper) -> Any:
    """Return a JOS-3 model of a person; raises ModuleNotFoundError without the extra `sim`."""
    # The matrices of JOS-3 are small: more threads of the linear algebra library are slower.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from pythermalcomfort.models import JOS3  # noqa: PLC0415 - slow, and needs the extra sim

    model = JOS3(height=who.height_m, weight=who.weight_kg, age=who.age, sex=who.sex)
    model.rh = 50
    return model


def surround(model: Any, now: Surroundings) -> None:
    """Set the surroundings of the body model from now on."""
    model.tdb = now.air_c
    model.tr = now.air_c
    model.v = now.m_s
    model.posture = {"evening": "sitting", "up": "standing", "bed": "lying"}[now.where]
    model.par = {"evening": CHAIR_PAR, "up": 1.5, "bed": 1.0}[now.where]
    dressed = {"evening": DRESSED_CLO, "up": UP_CLO}.get(now.where)
    model.clo = _covered(now) if dressed is None else _dressed(dressed)


def _covered(now: Surroundings) -> dict[str, float]:
    cover = bedding.COVERS[now.bedding]
    trunk, thigh, leg, foot = (clo * now.insulation for clo in cover[:4])
    clo = HEAD | dict.fromkeys(TRUNK, trunk)
    for side in ("left", "right"):
        for part, value in zip(PARTS, (trunk, trunk, trunk, thigh, leg, foot), strict=True):
            clo[f"{side}_{part}"] = value
    if now.bare:
        clo |= _bared(*now.bare)
    return clo


def _dressed(clo: float) -> dict[str, float]:
    limbs = {f"{side}_{part}": clo for side in ("left", "right") for part in PARTS}
    feet = dict.fromkeys(("left_foot", "right_foot"), SLIPPER_CLO)
    return HEAD | dict.fromkeys(TRUNK, clo) | limbs | feet


def _bared(what: str, side: str) -> dict[str, float]:
    sides = (SIDES[side],) if what == "one_leg" else ("left", "right")
    feet = {f"{each}_foot": bedding.BARE_FOOT_CLO for each in sides}
    if what == "feet":
        return feet
    legs = {f"{each}_leg": bedding.BARE_LEG_CLO for each in sides}
    if what != "all":
        return feet | legs
    trunk = dict.fromkeys(TRUNK, bedding.BARE_TRUNK_CLO)
    limbs = {
        f"{each}_{part}": bedding.BARE_LEG_CLO
        for each in sides
        for part in ("shoulder", "arm", "hand", "thigh")
    }
    return feet | legs | trunk | limbs
