"""The sleeper's movements in a made night, and the lifts of the cover that come with them."""

from random import Random
from typing import NamedTuple

from legwatch_lab.nights.body.scenario import Scenario
from legwatch_lab.nights.spans import HOUR_S, MINUTE_S, Span, inside

MOVED = ("displaced", "lain_upon")  # faults that begin and end with a turn of the sleeper
LIFTED = 0.1  # share of turns that raise the cover for a moment; assumed
LIFTED_TOSSING = 0.45


class MovementTimes(NamedTuple):
    """Movements. `turns` are seconds of true turns; a sensor may miss the counts of `shifts`."""

    turns: list[int]  # all, with going to bed and moving the cover
    shifts: dict[int, dict[int, int]]  # by second of the turn: counts by second
    others: dict[int, int]  # counts by second: small movements, getting in and out, a partner
    lifts: list[Span]  # times in which a turn has raised the cover


def moves(scenario: Scenario, rng: Random) -> MovementTimes:
    """Draw the movements of a night."""
    shifts: dict[int, dict[int, int]] = {}
    for at_s in sorted({*_renewed(scenario, rng), *_handled(scenario)}):
        shifts[at_s] = _burst(at_s, rng.randint(3, 12), rng.randint(5, 15), rng)
    others: dict[int, int] = {}
    for edge in {edge for stay in scenario.in_bed for edge in stay}:
        _add(others, _burst(edge, rng.randint(15, 40), rng.randint(10, 30), rng))
    per_h = rng.uniform(1.0, 3.0)
    for stay in scenario.in_bed:
        for at_s in _poisson(stay, per_h, rng):
            _add(others, {at_s: rng.randint(1, 2)})
    if scenario.partner:
        for at_s in _poisson(scenario.partner.span, scenario.partner.shifts_per_h, rng):
            if rng.random() < scenario.partner.seen:
                _add(others, _burst(at_s, rng.randint(1, 5), rng.randint(3, 10), rng))
    share = LIFTED_TOSSING if scenario.tossing else LIFTED
    raised = [at_s for at_s in shifts if rng.random() < share]
    lifts = [Span(at_s, at_s + round(rng.uniform(0.5, 3.0) * MINUTE_S)) for at_s in raised]
    turned = sorted({*shifts, *(stay.from_s for stay in scenario.in_bed)})
    return MovementTimes(turned, shifts, others, lifts)


def _renewed(scenario: Scenario, rng: Random) -> list[int]:
    """Draw the spontaneous turns: a gamma renewal process, in bunches for shapes below 1."""
    mean_s, shape = HOUR_S / scenario.restless.per_h, scenario.restless.shape
    found: list[int] = []
    for stay in scenario.in_bed:
        at_s = stay.from_s + rng.random() * rng.gammavariate(shape, mean_s / shape)
        while at_s < stay.to_s:
            found.append(int(at_s))
            at_s += max(30.0, rng.gammavariate(shape, mean_s / shape))
    return found


def _handled(scenario: Scenario) -> list[int]:
    """Return the seconds in which the sleeper moves the cover or the sensor."""
    edges = [edge for bare in scenario.bare for edge in bare.span]
    edges += [edge for fault in scenario.faults if fault.what in MOVED for edge in fault.span]
    return [edge for edge in edges if inside(scenario.in_bed, edge)]


def _poisson(span: Span, per_h: float, rng: Random) -> list[int]:
    found = []
    at_s = span.from_s + rng.expovariate(per_h / HOUR_S)
    while at_s < span.to_s:
        found.append(int(at_s))
        at_s += rng.expovariate(per_h / HOUR_S)
    return found


def _burst(at_s: int, count: int, length_s: int, rng: Random) -> dict[int, int]:
    seen: dict[int, int] = {}
    for _ in range(count):
        second = at_s + rng.randrange(length_s)
        seen[second] = seen.get(second, 0) + 1
    return seen


def _add(seen: dict[int, int], more: dict[int, int]) -> None:
    for at_s, count in more.items():
        seen[at_s] = seen.get(at_s, 0) + count
