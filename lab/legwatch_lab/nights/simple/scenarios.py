"""The kinds of nights: each kind adds its events to a night without events."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

from legwatch_lab.nights.spans import HOUR_S, MINUTE_S, Fault, NightPlan, Span, draw, without

PlanChange = Callable[[NightPlan, Random], NightPlan]


def plan(kind: str, rng: Random) -> NightPlan:
    """Return a night of a kind; raises KeyError for an unknown one."""
    return KINDS[kind](draw(kind, rng), rng)


def _quiet(plan: NightPlan, _rng: Random) -> NightPlan:
    return plan


def _uncovered(plan: NightPlan, rng: Random) -> NightPlan:
    return _bared(plan, _when(plan, rng, low_min=90, low_length=35, high_length=90))


def _fan(plan: NightPlan, rng: Random) -> NightPlan:
    """Let a fan blow on the legs for 2-4 hours; for part of that time they are uncovered."""
    begin_s = _entered(plan) + rng.randrange(60, 150) * MINUTE_S
    fan_span = Span(begin_s, begin_s + rng.randrange(120, 240) * MINUTE_S)
    bare_s = begin_s + rng.randrange(10, 40) * MINUTE_S
    bare = Span(bare_s, min(fan_span.to_s, bare_s + rng.randrange(40, 90) * MINUTE_S))
    return replace(_bared(plan, bare), fan=(fan_span,))


def _cold_bedding(plan: NightPlan, rng: Random) -> NightPlan:
    """Give the sleeper a thin cover in a cold room: the bed never warms."""
    return replace(
        plan,
        room_c=round(rng.uniform(15.0, 17.0), 2),
        cover_k=round(rng.uniform(0.70, 0.75), 3),
        skin_c=round(rng.uniform(25.0, 27.5), 2),
    )


def _warm_room(plan: NightPlan, rng: Random) -> NightPlan:
    """Uncover the legs in a room that is too warm for cold legs."""
    warm = replace(plan, room_c=round(rng.uniform(27.5, 29.0), 2), drift_c=-0.5)
    return _uncovered(warm, rng)


def _bathroom(plan: NightPlan, rng: Random) -> NightPlan:
    for nth in range(rng.randrange(1, 4)):
        leave_s = _entered(plan) + (90 + 120 * nth + rng.randrange(0, 60)) * MINUTE_S
        away = Span(leave_s, leave_s + rng.randrange(5, 11) * MINUTE_S)
        plan = replace(plan, in_bed=without(plan.in_bed, away))
    return plan


def _empty_bed(plan: NightPlan, _rng: Random) -> NightPlan:
    return replace(plan, in_bed=(), bare=(), fan=())


def _dead_leg(plan: NightPlan, rng: Random) -> NightPlan:
    what = rng.choice(("silent", "zeros"))
    return _faulty(plan, Fault("leg", what, _later(plan, rng, 60, 240)))


def _stuck_leg(plan: NightPlan, rng: Random) -> NightPlan:
    return _faulty(plan, Fault("leg", "stuck", _later(plan, rng, 180, 300)))


def _dead_movement(plan: NightPlan, _rng: Random) -> NightPlan:
    return _faulty(plan, Fault("movement", "blind", Span(0, plan.length_s)))


def _gaps(plan: NightPlan, rng: Random) -> NightPlan:
    """Make a thermometer silent four times, and the agent once, for 2-13 minutes each."""
    for sensor in ("leg", "leg", "room", "leg", "agent"):
        begin_s = rng.randrange(HOUR_S, plan.length_s - HOUR_S)
        span = Span(begin_s, begin_s + rng.randrange(2, 14) * MINUTE_S)
        plan = _faulty(plan, Fault(sensor, "silent", span))
    return plan


def _agent_off(plan: NightPlan, rng: Random) -> NightPlan:
    return _faulty(plan, Fault("agent", "silent", _later(plan, rng, 40, 120)))


def _no_mat(plan: NightPlan, rng: Random) -> NightPlan:
    return replace(_uncovered(plan, rng), mat=False)


def _late_to_bed(plan: NightPlan, rng: Random) -> NightPlan:
    enter_s = rng.randrange(150, 240) * MINUTE_S
    return replace(plan, in_bed=(Span(enter_s, plan.length_s),))


def _mixed(plan: NightPlan, rng: Random) -> NightPlan:
    """Combine up to three kinds."""
    for name in rng.sample(_MIXED, rng.randrange(0, 4)):
        plan = KINDS[name](plan, rng)
    return plan


def _demo(plan: NightPlan, _rng: Random) -> NightPlan:
    """Show a cold warning and its end soon after the first of three hours; the air changes faster.

    No cold alert fires in the first 40 minutes in bed. So the legs are uncovered shortly before,
    and covered again some minutes after its sound.
    """
    minutes = [(36.0, 62.0), (118.0, 140.0)]
    return replace(
        plan,
        length_s=3 * HOUR_S,
        room_c=18.0,
        drift_c=-0.8,
        skin_c=33.5,
        in_bed=(Span(0, 80 * MINUTE_S), Span(87 * MINUTE_S, 3 * HOUR_S)),
        turns_per_h=4.0,
        cover_k=0.88,
        bare_k=0.42,
        lag_s=90.0,
        offsets_c=(0.1, -0.1),
        bare=tuple(Span(round(a * MINUTE_S), round(b * MINUTE_S)) for a, b in minutes),
        warmed=True,
        pace=4.0,
    )


KINDS: dict[str, PlanChange] = {
    "mixed": _mixed,
    "quiet": _quiet,
    "uncovered": _uncovered,
    "fan": _fan,
    "cold_bedding": _cold_bedding,
    "warm_room": _warm_room,
    "bathroom": _bathroom,
    "empty_bed": _empty_bed,
    "dead_leg": _dead_leg,
    "stuck_leg": _stuck_leg,
    "dead_movement": _dead_movement,
    "gaps": _gaps,
    "agent_off": _agent_off,
    "no_mat": _no_mat,
    "late_to_bed": _late_to_bed,
    "demo": _demo,
}
_MIXED = ("uncovered", "fan", "bathroom", "gaps", "no_mat", "dead_leg", "cold_bedding")


def _entered(plan: NightPlan) -> int:
    return plan.in_bed[0].from_s if plan.in_bed else 0


def _when(plan: NightPlan, rng: Random, *, low_min: int, low_length: int, high_length: int) -> Span:
    """Draw a span that begins `low_min` after going to bed or later and ends before morning."""
    length_s = rng.randrange(low_length, high_length) * MINUTE_S
    earliest_s = _entered(plan) + low_min * MINUTE_S
    latest_s = max(earliest_s + MINUTE_S, plan.length_s - length_s - 45 * MINUTE_S)
    begin_s = rng.randrange(earliest_s, latest_s)
    return Span(begin_s, begin_s + length_s)


def _later(plan: NightPlan, rng: Random, low_length: int, high_length: int) -> Span:
    return _when(plan, rng, low_min=75, low_length=low_length, high_length=high_length)


def _bared(plan: NightPlan, span: Span) -> NightPlan:
    return replace(plan, bare=tuple(sorted((*without(plan.bare, span), span))))


def _faulty(plan: NightPlan, fault: Fault) -> NightPlan:
    return replace(plan, faults=(*plan.faults, fault))
