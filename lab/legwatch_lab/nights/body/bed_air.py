"""The air at the intended place of the leg sensor: between skin, cover, mattress and room.

The model computes where the air would settle between the temperatures of room and skin. The air
follows with the lag of air, cover and mattress. Under a cover the air settles at 29-32 C. With
uncovered legs it falls to 18-27 C within half an hour.
"""

import math
from typing import NamedTuple

from legwatch_lab.nights.body.scenario import Scenario, Spot, Uncovering
from legwatch_lab.nights.body.skin import SkinTemperatures, bare_at, fan_at
from legwatch_lab.nights.spans import MINUTE_S, Span, inside

STEP_S = 15
# Weight of the mattress in the settled air: less where room air reaches it.
MATTRESS_SHARE, MATTRESS_SHARE_BARE = 0.3, 0.1
MATTRESS_S, MATTRESS_BARE_S = 35 * MINUTE_S, 120 * MINUTE_S  # uncovered legs still warm it
COVERED_S, BARE_S, FAN_S, LIFTED_S = 5 * MINUTE_S, 7 * MINUTE_S, 4 * MINUTE_S, 100
OPEN_S, SHUT_S = 8 * MINUTE_S, 14 * MINUTE_S  # an empty bed, left open or closed
LIFTED_COVER = 0.3  # under a raised cover; 0: as uncovered, 1: as covered
BLOWN_COVER = 0.96  # factor on `cover_k` under a fan
FAN_BREEZE, FAN_STRONG = 1.4, 0.8  # factors on the share at 0.5 m/s, for 0.2 and 1.0 m/s
NEAR, FAR = 0.6, 0.4  # weight of each leg's skin at the sensor
DAMP_BARE = 0.15  # vapour by uncovered legs, as a share of that under a cover


class BedAir(NamedTuple):
    """True values, one every STEP_S: the air at the sensor's intended place, and the room air."""

    leg_c: list[float]
    leg_kpa: list[float]
    room_c: list[float]
    room_kpa: list[float]


class Equilibrium(NamedTuple):
    """Where the air would settle without the mattress, the time constant, and the added vapour."""

    celsius: float
    tau_s: float
    damp: float
    covered: float = 1.0  # 0: room air reaches the mattress


def air(scenario: Scenario, skin: SkinTemperatures, lifts: list[Span]) -> BedAir:
    """Compute the air through the night."""
    result = BedAir([], [], [], [])
    kpa = scenario.room.vapour * saturated_kpa(scenario.room.start_c)
    leg = mattress = scenario.room.at(0)
    damp = 0.0
    for at_s in range(0, scenario.length_s, STEP_S):
        room = scenario.room.at(at_s)
        goal = _goal(scenario, skin, lifts, at_s, room)
        mattress_share = MATTRESS_SHARE_BARE + goal.covered * (MATTRESS_SHARE - MATTRESS_SHARE_BARE)
        mattress_tau_s = MATTRESS_BARE_S + goal.covered * (MATTRESS_S - MATTRESS_BARE_S)
        settled = (1 - mattress_share) * goal.celsius + mattress_share * mattress
        leg += _step(settled - leg, goal.tau_s * scenario.spot.pace)
        mattress += _step(leg - mattress, mattress_tau_s * scenario.spot.pace)
        damp += _step(goal.damp * scenario.spot.damp_kpa - damp, goal.tau_s)
        result.leg_c.append(round(leg, 3))
        result.leg_kpa.append(round(kpa + damp, 4))
        result.room_c.append(round(room, 3))
        result.room_kpa.append(round(kpa, 4))
    return result


def _goal(
    scenario: Scenario, skin: SkinTemperatures, lifts: list[Span], at_s: int, room: float
) -> Equilibrium:
    extra = _partner(scenario, at_s)
    if not inside(scenario.in_bed, at_s):
        opened = _opened(scenario, at_s)
        extra += 0.0 if opened else _bottle(scenario, at_s)
        return Equilibrium(
            room + (0.3 if opened else 1.0) * extra, OPEN_S if opened else SHUT_S, 0.0
        )
    near, far = skin.near_leg[at_s // MINUTE_S], skin.far_leg[at_s // MINUTE_S]
    fan_m_s = fan_at(scenario, at_s)
    bare = bare_at(scenario, at_s)
    covered = 1.0 - _fall(scenario.spot, bare)
    tau_s = COVERED_S if covered > 0.5 else FAN_S if fan_m_s else BARE_S
    if inside(lifts, at_s) and bare is None:
        covered, tau_s = LIFTED_COVER, LIFTED_S
    low, high = (
        _bare_k(scenario.spot, fan_m_s, bare),
        scenario.spot.cover_k * (BLOWN_COVER if fan_m_s else 1),
    )
    share = low + covered * (high - low)
    warm = (extra + _bottle(scenario, at_s)) * (0.3 + 0.7 * covered)
    return Equilibrium(
        room + share * (NEAR * near + FAR * far - room) + warm,
        tau_s,
        DAMP_BARE + (1 - DAMP_BARE) * covered,
        covered,
    )


def _fall(spot: Spot, bare: Uncovering | None) -> float:
    """Return how far the air moves from covered (0) to uncovered (1)."""
    if bare is None:
        return 0.0
    if bare.what == "one_leg":
        return spot.near if bare.side == "near" else spot.far
    return spot.feet if bare.what == "feet" else 1.0


def _bare_k(spot: Spot, fan_m_s: float, bare: Uncovering | None) -> float:
    """Return (air - room) / (skin - room) for settled air by uncovered legs."""
    share = spot.fan_k if fan_m_s else spot.bare_k
    if 0 < fan_m_s < 0.5:
        share = min(share * FAN_BREEZE, spot.bare_k)
    elif fan_m_s > 0.5:
        share *= FAN_STRONG
    return share * (0.9 if bare and bare.what == "all" else 1.0)


def _opened(scenario: Scenario, at_s: int) -> bool:
    """Return True if the empty bed is open: never before the first stay, then as it was left."""
    left = [
        opened
        for stay, opened in zip(scenario.in_bed, scenario.open_bed, strict=True)
        if stay.to_s <= at_s
    ]
    return left[-1] if left else False


def _bottle(scenario: Scenario, at_s: int) -> float:
    if scenario.bottle is None or at_s < scenario.bottle.at_s:
        return 0.0
    return scenario.bottle.warm_c * math.exp((scenario.bottle.at_s - at_s) / scenario.bottle.tau_s)


def _partner(scenario: Scenario, at_s: int) -> float:
    partner = scenario.partner
    return partner.warm_c if partner and inside([partner.span], at_s) else 0.0


def _step(gap: float, tau_s: float) -> float:
    return gap * (1 - math.exp(-STEP_S / tau_s))


def saturated_kpa(celsius: float) -> float:
    """Return the vapour pressure of saturated air (Magnus formula)."""
    return 0.6112 * math.exp(17.62 * celsius / (243.12 + celsius))
