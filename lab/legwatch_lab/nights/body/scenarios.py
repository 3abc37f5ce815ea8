"""The kinds of nights of the body model, and how often each kind comes in a corpus."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from typing import NamedTuple

from legwatch_lab.nights.body import faults, room
from legwatch_lab.nights.body.scenario import Bottle, Fan, Partner, Scenario, Uncovering, draw, spot
from legwatch_lab.nights.spans import HOUR_S, MINUTE_S, Span, inside, without

USUAL_C, WIDE_C = (13.0, 25.0), (10.0, 25.5)
STILL_PER_H = 0.02  # turns of who lies truly still: none in most nights, and small movements go on
ScenarioChange = Callable[[Scenario, Random], Scenario]


class ScenarioKind(NamedTuple):
    """A kind of night: its weight in a corpus, its events, and the range of its room."""

    weight: int
    change: ScenarioChange
    room_c: tuple[float, float] = USUAL_C


def scenario(
    kind: str, rng: Random, *, before_s: int | None = None, wide: bool = False
) -> Scenario:
    """Return a night of a kind; raises KeyError for an unknown one.

    `before_s`: seconds of empty bed; `wide`: more rooms for the kinds that have the usual ones.
    """
    known = KINDS[kind]
    room_c = WIDE_C if wide and known.room_c == USUAL_C else known.room_c
    return known.change(draw(kind, rng, room_c=room_c, before_s=before_s), rng)


def drawn(seed: int, number: int) -> str:
    """Return the kind of a corpus night, from a shuffled deck: a small corpus is mixed, too."""
    deck = [name for name, kind in KINDS.items() for _ in range(kind.weight)]
    Random(f"{seed}/{number // len(deck)}/corpus").shuffle(deck)  # noqa: S311 - not for secrets
    return deck[number % len(deck)]


def _plain(scenario: Scenario, _rng: Random) -> Scenario:
    return scenario


def _warm_room(scenario: Scenario, rng: Random) -> Scenario:
    """Put the sleeper under a sheet in a warm room, sometimes with uncovered legs or a fan."""
    calm = scenario.room._replace(drift_c_per_h=-0.05, steps=())
    scenario = _under(replace(scenario, room=calm), "sheet", rng)
    if rng.random() < 0.5:
        scenario = _uncovered(scenario, rng, what="both_legs")
    if rng.random() < 0.4:
        scenario = replace(scenario, fan=(Fan(_most_of(scenario, rng), rng.choice((0.2, 0.5))),))
    return scenario


def _thin_bedding(scenario: Scenario, rng: Random) -> Scenario:
    """Give the sleeper too little bedding: the legs cool slowly."""
    thin = "light" if scenario.room.start_c < 17.0 else rng.choice(("light", "sheet"))
    return _under(scenario, thin, rng)


def _both(scenario: Scenario, rng: Random) -> Scenario:
    return _lived_in(_uncovered(scenario, rng, what="both_legs"), rng)


def _near(scenario: Scenario, rng: Random) -> Scenario:
    return _lived_in(_uncovered(scenario, rng, what="one_leg"), rng)


def _far(scenario: Scenario, rng: Random) -> Scenario:
    return _lived_in(_uncovered(scenario, rng, what="one_leg", side="far"), rng)


def _feet(scenario: Scenario, rng: Random) -> Scenario:
    return _lived_in(_uncovered(scenario, rng, what="feet"), rng)


def _all(scenario: Scenario, rng: Random) -> Scenario:
    return _lived_in(_uncovered(scenario, rng, what="all"), rng)


def _fan(scenario: Scenario, rng: Random) -> Scenario:
    """Uncover the legs under a fan that starts before and stops after."""
    scenario = _uncovered(scenario, rng, what="both_legs")
    first, last = scenario.bare[0].span.from_s, scenario.bare[-1].span.to_s
    begin_s = max(scenario.in_bed[0].from_s, first - rng.randrange(0, 60) * MINUTE_S)
    fan_span = Span(begin_s, min(scenario.length_s, last + rng.randrange(0, 60) * MINUTE_S))
    return _lived_in(replace(scenario, fan=(Fan(fan_span, rng.choice((0.5, 1.0))),)), rng)


def _bathroom(scenario: Scenario, rng: Random) -> Scenario:
    """Get up one to three times for 4-12 minutes, never while legs or feet are uncovered."""
    for _ in range(rng.randint(1, 3)):
        away = _free(scenario, rng, rng.randrange(4 * MINUTE_S, 12 * MINUTE_S))
        if away:
            scenario = _up(scenario, away, rng)
    return scenario


def _tossing(scenario: Scenario, rng: Random) -> Scenario:
    per_h = round(rng.uniform(5.0, 10.0), 2)
    return replace(scenario, tossing=True, restless=scenario.restless._replace(per_h=per_h))


def _still(scenario: Scenario, _rng: Random) -> Scenario:
    """Let the sleeper turn hardly ever; small movements of the legs come as in any night."""
    return replace(scenario, restless=scenario.restless._replace(per_h=STILL_PER_H))


def partner(scenario: Scenario, rng: Random) -> Scenario:
    """Put a partner into the bed."""
    stay = Span(scenario.in_bed[0].from_s, scenario.in_bed[-1].to_s)
    span = Span(
        max(0, stay.from_s + rng.randrange(-45, 60) * MINUTE_S),
        min(scenario.length_s, stay.to_s + rng.randrange(-60, 30) * MINUTE_S),
    )
    warm_c, seen = round(rng.uniform(0.5, 1.5), 2), round(rng.uniform(0.2, 0.6), 2)
    return replace(scenario, partner=Partner(span, warm_c, round(rng.uniform(1.5, 4.0), 2), seen))


def bottle(scenario: Scenario, rng: Random) -> Scenario:
    """Put a hot-water bottle into the bed."""
    at_s = scenario.in_bed[0].from_s - rng.randrange(0, 30) * MINUTE_S
    warm_c, tau_h = round(rng.uniform(3.0, 8.0), 2), rng.uniform(1.5, 3.0)
    return replace(scenario, bottle=Bottle(at_s, warm_c, round(tau_h * HOUR_S)))


def _window(scenario: Scenario, rng: Random) -> Scenario:
    at_s = scenario.in_bed[0].from_s + rng.randrange(45, 300) * MINUTE_S
    return replace(scenario, room=room.aired(scenario.room, at_s, rng))


def _empty_bed(scenario: Scenario, _rng: Random) -> Scenario:
    return replace(scenario, in_bed=(), open_bed=())


def _late_to_bed(scenario: Scenario, rng: Random) -> Scenario:
    enter_s = scenario.in_bed[0].from_s + rng.randrange(120, 210) * MINUTE_S
    return replace(scenario, in_bed=(Span(enter_s, scenario.in_bed[0].to_s),))


def _two_stays(scenario: Scenario, rng: Random) -> Scenario:
    (stay,) = scenario.in_bed
    middle_s = stay.from_s + round((stay.to_s - stay.from_s) * rng.uniform(0.35, 0.6))
    length_s = rng.randrange(40 * MINUTE_S, 120 * MINUTE_S)
    return _up(scenario, Span(middle_s, middle_s + length_s), rng)


# In a corpus about two nights of five have uncovered legs or feet, and one of eight has a faulty
# sensor. In the others legwatch must stay quiet. The weights try every rule; they are not counted
# on people.
KINDS: Mapping[str, ScenarioKind] = {
    "plain": ScenarioKind(18, _plain),
    "warm_room": ScenarioKind(5, _warm_room, (26.0, 29.0)),
    "thin_bedding": ScenarioKind(6, _thin_bedding, (14.0, 20.0)),
    "uncovered_both": ScenarioKind(13, _both),
    "uncovered_near": ScenarioKind(5, _near),
    "uncovered_far": ScenarioKind(4, _far),
    "uncovered_feet": ScenarioKind(4, _feet),
    "uncovered_all": ScenarioKind(4, _all),
    "uncovered_fan": ScenarioKind(8, _fan, (16.0, 25.0)),
    "bathroom": ScenarioKind(5, _bathroom),
    "tossing": ScenarioKind(4, _tossing),
    "partner": ScenarioKind(4, partner),
    "bottle": ScenarioKind(4, bottle, (13.0, 21.0)),
    "window": ScenarioKind(4, _window, (16.0, 25.0)),
    "empty_bed": ScenarioKind(4, _empty_bed),
    "late_to_bed": ScenarioKind(2, _late_to_bed),
    "two_stays": ScenarioKind(3, _two_stays),
    "dead_leg": ScenarioKind(2, faults.dead_leg),
    "stuck_leg": ScenarioKind(2, faults.stuck_leg),
    "slow_leg": ScenarioKind(1, faults.slow_leg),
    "displaced": ScenarioKind(3, faults.displaced),
    "lain_upon": ScenarioKind(2, faults.lain_upon),
    "dead_movement": ScenarioKind(2, faults.dead_movement),
    "gaps": ScenarioKind(2, faults.gaps),
    "agent_off": ScenarioKind(2, faults.agent_off),
    "dead_room": ScenarioKind(1, faults.dead_room),
    "still": ScenarioKind(0, _still),  # too seldom for a corpus
}


def _under(scenario: Scenario, cover: str, rng: Random) -> Scenario:
    warmth = round(rng.uniform(0.92, 1.12), 3)
    return replace(scenario, bedding=cover, insulation=warmth, spot=spot(cover, warmth, rng))


def _uncovered(scenario: Scenario, rng: Random, *, what: str, side: str = "near") -> Scenario:
    """Uncover `what` once or twice for 15-150 min, 45 min or more after going to bed."""
    (stay,) = scenario.in_bed
    spans: list[Span] = []
    for _ in range(rng.choice((1, 1, 2))):
        length_s = round(min(150.0, max(15.0, rng.lognormvariate(4.0, 0.6))) * MINUTE_S)
        earliest_s = spans[-1].to_s + 45 * MINUTE_S if spans else stay.from_s + 45 * MINUTE_S
        latest_s = stay.to_s - length_s - 20 * MINUTE_S
        if earliest_s < latest_s:
            # The first time comes early, so that a second one usually fits into the night.
            begin_s = earliest_s + round((latest_s - earliest_s) * rng.random() ** 1.5)
            spans.append(Span(begin_s, begin_s + length_s))
    return replace(scenario, bare=tuple(Uncovering(span, what, side) for span in spans))


def _lived_in(scenario: Scenario, rng: Random) -> Scenario:
    """Add a walk or a partner to a fifth of the nights."""
    if rng.random() < 0.2:
        return rng.choice((_bathroom, partner))(scenario, rng)
    return scenario


def _up(scenario: Scenario, away: Span, rng: Random) -> Scenario:
    stays = without(scenario.in_bed, away)
    left = [*scenario.open_bed, rng.random() < 0.6]
    return replace(scenario, in_bed=stays, open_bed=tuple(left[-len(stays) :]))


def _free(scenario: Scenario, rng: Random, length_s: int) -> Span | None:
    """Draw a time for a walk, apart from uncovered times and other walks; None if none fits."""
    taken = [
        Span(bare.span.from_s - 15 * MINUTE_S, bare.span.to_s + 15 * MINUTE_S)
        for bare in scenario.bare
    ]
    first_s, last_s = scenario.in_bed[0].from_s + HOUR_S, scenario.in_bed[-1].to_s - HOUR_S
    for _ in range(20):
        begin_s = rng.randrange(first_s, last_s)
        ends = (begin_s, begin_s + length_s)
        asleep = all(inside(scenario.in_bed, end + pad) for end in ends for pad in (-1200, 1200))
        if asleep and not any(inside(taken, end) for end in ends):
            return Span(*ends)
    return None


def _most_of(scenario: Scenario, rng: Random) -> Span:
    stay = scenario.in_bed[0]
    return Span(stay.from_s + rng.randrange(0, 90) * MINUTE_S, stay.to_s)
