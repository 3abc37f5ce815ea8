"""The air of a made night: between skin, cover and room, by lumped first-order balances.

The model is good to 1-2 C; real beds are not known better. The air settles at 29-32 C under a
cover. By uncovered legs it falls within half an hour to a quarter of the way from room to skin. A
bed warms up in 30-60 minutes.
"""

import math
from dataclasses import dataclass
from random import Random

from legwatch_lab.nights.spans import MINUTE_S, NightPlan, inside

STEP_S = 15
COVERED_SKIN_C = 34.3  # leg skin under enough cover, JOS-3 runs
MATTRESS_SHARE = 0.3  # weight of the mattress in the settled air
MATTRESS_S = 35 * MINUTE_S
AIR_S = {"covered": 6 * MINUTE_S, "bare": 7 * MINUTE_S, "fan": 4 * MINUTE_S, "empty": 12 * MINUTE_S}
SKIN_S = {
    "covered": 40 * MINUTE_S,
    "bare": 100 * MINUTE_S,
    "fan": 60 * MINUTE_S,
    "empty": 30 * MINUTE_S,
}


@dataclass(frozen=True, slots=True)
class Climate:
    """True values, one every STEP_S."""

    room_c: list[float]
    leg_c: list[float]
    skin_c: list[float]
    room_rh: list[float]
    leg_rh: list[float]


def climate(plan: NightPlan, rng: Random) -> Climate:
    """Compute the air through the night."""
    result = Climate([], [], [], [], [])
    phase, vapour = rng.uniform(0.0, 6.28), 0.01 * rng.uniform(38.0, 55.0)
    kpa = vapour * _saturated_kpa(plan.room_c)
    skin, leg = plan.skin_c, plan.room_c
    if plan.warmed:
        leg = plan.room_c + plan.cover_k * (skin - plan.room_c)
    mattress, damp = leg, 0.0
    for at_s in range(0, plan.length_s + STEP_S, STEP_S):
        room = plan.room_c + plan.drift_c * at_s / plan.length_s
        room += 0.15 * math.sin(at_s / 1500 + phase)
        state = _state(plan, at_s)
        skin += _step(_skin_goal(plan, state, room) - skin, SKIN_S[state])
        share = {"covered": plan.cover_k, "bare": plan.bare_k, "fan": plan.fan_k}.get(state, 0.0)
        goal = room + share * (skin - room)
        goal = (1 - MATTRESS_SHARE) * goal + MATTRESS_SHARE * mattress
        leg += _step(goal - leg, AIR_S[state] / plan.pace)
        mattress += _step(leg - mattress, MATTRESS_S / plan.pace)
        damp += _step((0.7 if state == "covered" else 0.1) - damp, AIR_S[state])
        result.room_c.append(room)
        result.leg_c.append(leg)
        result.skin_c.append(skin)
        result.room_rh.append(_humidity(kpa, room))
        result.leg_rh.append(_humidity(kpa + damp, leg))
    return result


def _state(plan: NightPlan, at_s: int) -> str:
    if not inside(plan.in_bed, at_s):
        return "empty"
    if not inside(plan.bare, at_s):
        return "covered"
    return "fan" if inside(plan.fan, at_s) else "bare"


def _skin_goal(plan: NightPlan, state: str, room: float) -> float:
    if state == "covered":
        # Heat through the cover that the legs cannot replace; fitted to the JOS-3 table.
        lost = max(0.0, (1 - plan.cover_k) * (34.0 - room) - 3.2)
        return max(26.0, COVERED_SKIN_C - 3.0 * lost)
    return {"bare": min(34.0, room + 8.0), "fan": min(33.0, room + 4.0)}.get(state, 30.0)


def _step(gap: float, tau_s: float) -> float:
    return gap * (1 - math.exp(-STEP_S / tau_s))


def _saturated_kpa(celsius: float) -> float:
    """Return the vapour pressure of saturated air (Magnus formula)."""
    return 0.6112 * math.exp(17.62 * celsius / (243.12 + celsius))


def _humidity(kpa: float, celsius: float) -> float:
    return max(5.0, min(99.0, 100.0 * kpa / _saturated_kpa(celsius)))
