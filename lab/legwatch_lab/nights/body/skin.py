"""The skin of legs and feet through a made night: JOS-3, minute by minute.

JOS-3 is good to 1.5 C on a leg and 2.5 C on a foot: it knows no mattress, no heat stored in covers
and no cold feet of the old. Use it to compare rules, never to tell anybody a skin temperature.
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
ROOM_STEP_C = 0.2  # the body is told of the room in such steps
# Minute by minute for a while after a change, then in longer steps: legs within 0.1 C, feet 0.2.
ANSWERED_MIN, LONG_MIN = 45, 5
# Two hours in a chair come before the night. With these, feet of a woman of 70 go to bed at
# 26.5 C after a room of 20 and at 23.1 after 16, and take 31 and 80 min in a winter bed to 32.
EVENING_STEPS, EVENING_STEP_S, CHAIR_PAR = 24, 300, 1.2
DRESSED_CLO, UP_CLO, SLIPPER_CLO = 1.0, 0.6, 0.3
SIDES = {"near": "left", "far": "right"}
HEAD = {"head": 0.0, "neck": 0.0}  # nothing covers them; JOS-3 asks for its parts in this order
TRUNK = ("chest", "back", "pelvis")
PARTS = ("shoulder", "arm", "hand", "thigh", "leg", "foot")


class SkinTemperatures(NamedTuple):
    """Skin in C, one value a minute from the begin; near and far are sides of the sensor."""

    near_leg: list[float]
    far_leg: list[float]
    near_foot: list[float]
    far_foot: list[float]


class Surroundings(NamedTuple):
    """What the body feels for a while."""

    where: str  # evening, bed or up
    air_c: float
    bedding: str = "sheet"
    insulation: float = 1.0  # of this bedding beside others of its name
    bare: tuple[str, str] | None = None  # what, and on which side
    m_s: float = STILL_M_S


def skin(scenario: Scenario) -> SkinTemperatures:
    """Run the body through the night."""
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
    felt = model.results().t_skin
    named = (felt.left_leg, felt.right_leg, felt.left_foot, felt.right_foot)
    return SkinTemperatures(*(_each_minute(part[-len(steps) - 1 :], steps) for part in named))


def _paces(length_min: int, since_min: int) -> list[tuple[int, int]]:
    """Return how many steps of how many minutes: short ones while the body answers a change."""
    at_first = min(length_min, max(0, ANSWERED_MIN - since_min))
    long, rest = divmod(length_min - at_first, LONG_MIN)
    paces = [(at_first, 1), (long, LONG_MIN), (rest, 1)]
    return [(count, step_min) for count, step_min in paces if count]


def _each_minute(ends: Sequence[float], steps: list[int]) -> list[float]:
    """Fill in the minutes between the ends of the steps."""
    found = []
    for (a, b), step_min in zip(pairwise(map(float, ends)), steps, strict=True):
        found += [round(a + (b - a) * (i + 1) / step_min, 2) for i in range(step_min)]
    return found


def around(scenario: Scenario, at_s: int) -> Surroundings:
    """Return what surrounds the sleeper at a moment."""
    if not scenario.in_bed or at_s < scenario.in_bed[0].from_s:
        return Surroundings("evening", scenario.evening_c)
    air_c = round(round(scenario.room.at(at_s) / ROOM_STEP_C) * ROOM_STEP_C, 1)
    if not inside(scenario.in_bed, at_s):
        return Surroundings("up", air_c)
    bare = bare_at(scenario, at_s)
    shown = (bare.what, bare.side) if bare else None
    m_s = fan_at(scenario, at_s) or STILL_M_S
    return Surroundings("bed", air_c, scenario.bedding, scenario.insulation, shown, m_s)


def bare_at(scenario: Scenario, at_s: float) -> Uncovering | None:
    """Return what lies uncovered at a moment."""
    return next((bare for bare in scenario.bare if inside([bare.span], at_s)), None)


def fan_at(scenario: Scenario, at_s: float) -> float:
    """Return the speed of the air over the bed in m/s; 0 without a fan."""
    return next((fan.m_s for fan in scenario.fan if inside([fan.span], at_s)), 0.0)


def body(who: Sleeper) -> Any:
    """Return a JOS-3 model of a person; raises ModuleNotFoundError without the extra `sim`."""
    # Its matrices are small: threads of a linear algebra library only get into each other's way.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from pythermalcomfort.models import JOS3  # noqa: PLC0415 - a second, and an extra

    model = JOS3(height=who.height_m, weight=who.weight_kg, age=who.age, sex=who.sex)
    model.rh = 50
    return model


def surround(model: Any, now: Surroundings) -> None:
    """Tell the body what is around it from now on."""
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
