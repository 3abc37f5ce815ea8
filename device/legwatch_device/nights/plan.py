"""What happens in a made night, drawn from a seed: who sleeps, in what bed, and what goes wrong.

Times are minutes since the recording's begin. Figures are those of simulated bodies in beds
(JOS-3) and of studies of movement in sleep; they make nights to try rules on, not people.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

Span = tuple[float, float]
NIGHT_MIN = 510.0

# Changes of posture an hour by age (De Koninck 1992): 18-24, 35-45, 65-80 years.
TURNS = ((21, 3.6), (40, 2.7), (72, 2.1))


@dataclass(frozen=True, slots=True)
class Plan:
    """One night. `k` is (bed air - room) / (33 - room): how much of the body's warmth stays."""

    kind: str
    age: int
    turns_h: float
    room_c: float
    drift_c_h: float  # the room's
    covered_k: float  # 0.55-0.9 under blanket or duvet
    bare_k: float  # 0.2-0.4 in still air
    minutes: float = NIGHT_MIN
    in_bed: tuple[Span, ...] = ((15.0, NIGHT_MIN - 20),)
    bare: tuple[Span, ...] = ()
    fan: tuple[Span, ...] = ()
    mat: bool = True
    offset_c: float = 0.0
    lag_min: float = 3.0
    missing: float = 0.2  # of the thermometer's readings
    leg_dead: tuple[Span, ...] = ()
    leg_stuck: tuple[Span, ...] = ()
    movement_dead: tuple[Span, ...] = ()  # blind: watches and sees nothing
    holes: tuple[Span, ...] = ()  # nothing is recorded at all
    prewarmed: bool = False


def draw(kind: str, chance: Random) -> Plan:
    """Draw a night of one kind; `mixed` is any of the others. Raises KeyError for no kind."""
    if kind == "mixed":
        kind = chance.choice(sorted(set(KINDS) - {"mixed", "demo"}))
    age, turns_h = chance.choice(TURNS)
    plan = Plan(
        kind=kind,
        age=age,
        turns_h=turns_h,
        room_c=round(chance.uniform(15, 21), 1),
        drift_c_h=round(chance.uniform(-0.3, 0.05), 2),
        covered_k=round(chance.uniform(0.78, 0.92), 2),
        bare_k=round(chance.uniform(0.2, 0.36), 2),
        offset_c=round(chance.uniform(-0.5, 0.5), 1),
        lag_min=round(chance.uniform(2, 5), 1),
    )
    return KINDS[kind](plan, chance)


def _quiet(plan: Plan, _chance: Random) -> Plan:
    return plan


def _uncovered(plan: Plan, chance: Random) -> Plan:
    begin = chance.uniform(120, 330)
    return replace(plan, bare=((begin, begin + chance.uniform(35, 120)),))


def _fan(plan: Plan, chance: Random) -> Plan:
    begin = chance.uniform(120, 330)
    spans = ((begin, begin + chance.uniform(40, 120)),)
    return replace(plan, bare=spans, fan=spans)


def _cold_bedding(plan: Plan, chance: Random) -> Plan:
    return replace(plan, covered_k=round(chance.uniform(0.4, 0.5), 2), room_c=15.0)


def _warm_room(plan: Plan, chance: Random) -> Plan:
    begin = chance.uniform(120, 330)
    warm = replace(plan, room_c=round(chance.uniform(26.6, 29), 1), drift_c_h=0.0)
    return replace(warm, bare=((begin, begin + 90),))


def _bathroom(plan: Plan, chance: Random) -> Plan:
    (begin, end), out = plan.in_bed[0], chance.uniform(150, 330)
    return replace(plan, in_bed=((begin, out), (out + chance.uniform(4, 10), end)))


def _empty_bed(plan: Plan, _chance: Random) -> Plan:
    return replace(plan, in_bed=())


def _late_to_bed(plan: Plan, chance: Random) -> Plan:
    return replace(plan, in_bed=((chance.uniform(120, 200), NIGHT_MIN - 20),))


def _dead_leg(plan: Plan, chance: Random) -> Plan:
    return replace(plan, leg_dead=((chance.uniform(60, 240), NIGHT_MIN),))


def _stuck_leg(plan: Plan, chance: Random) -> Plan:
    return replace(plan, leg_stuck=((chance.uniform(60, 200), NIGHT_MIN),))


def _dead_movement(plan: Plan, _chance: Random) -> Plan:
    return replace(plan, movement_dead=((0, NIGHT_MIN),))


def _gaps(plan: Plan, chance: Random) -> Plan:
    begins = [chance.uniform(60, 450) for _ in range(6)]
    return replace(plan, holes=tuple((b, b + chance.uniform(1, 12)) for b in sorted(begins)))


def _agent_off(plan: Plan, chance: Random) -> Plan:
    begin = chance.uniform(120, 300)
    return replace(plan, holes=((begin, begin + chance.uniform(45, 120)),))


def _no_mat(plan: Plan, chance: Random) -> Plan:
    return replace(_uncovered(plan, chance), mat=False)


def _demo(plan: Plan, _chance: Random) -> Plan:
    return replace(
        plan,
        room_c=18.5,
        drift_c_h=0.0,
        covered_k=0.88,
        bare_k=0.42,
        turns_h=4.0,
        minutes=70.0,
        in_bed=((0.0, 70.0),),
        bare=((20.0, 40.6),),
        offset_c=0.0,
        lag_min=1.0,
        missing=0.1,
        prewarmed=True,
    )


KINDS: dict[str, Callable[[Plan, Random], Plan]] = {
    "mixed": _quiet,
    "quiet": _quiet,
    "uncovered": _uncovered,
    "fan": _fan,
    "cold_bedding": _cold_bedding,
    "warm_room": _warm_room,
    "bathroom": _bathroom,
    "empty_bed": _empty_bed,
    "late_to_bed": _late_to_bed,
    "dead_leg": _dead_leg,
    "stuck_leg": _stuck_leg,
    "dead_movement": _dead_movement,
    "gaps": _gaps,
    "agent_off": _agent_off,
    "no_mat": _no_mat,
    "demo": _demo,
}
