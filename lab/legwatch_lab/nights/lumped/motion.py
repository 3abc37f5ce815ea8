"""The movements in a lumped night: calm and restless minutes, in the cycles of sleep.

A Markov chain with minutes as steps: it grows restless mostly near the end of a sleep cycle of
70-110 min, and more so towards the morning. Movements come in a restless time at 0.5-1.5 a minute,
otherwise seldom. All figures are assumed.
"""

import math
from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from legwatch_lab.nights.lumped.habits import Night, poisson
from legwatch_lab.nights.spans import HOUR_S, MINUTE_S, Span, inside

LIFTED = 0.12  # share of turns that raise the cover for a moment
TURNS = 0.55  # share of a restless time's movements that change the posture


class Move(NamedTuple):
    """A movement of `length_s` seconds: turn, shift, twitch, cover, edge (in or out), partner."""

    at_s: int
    length_s: int
    what: str


class Rhythm(NamedTuple):
    """How somebody moves."""

    cycle_s: int
    bout: float  # chance of a restless time, per minute, at its highest
    bout_min: float  # mean length
    per_min: float  # movements in it
    calm_per_h: float  # movements otherwise
    twitch_per_h: float


def rhythm(night: Night, rng: Random) -> Rhythm:
    """Draw how this sleeper moves; people differ by a factor of two or more."""
    who = night.restless * rng.lognormvariate(0.0, 0.45)
    return Rhythm(
        cycle_s=rng.randrange(70, 110) * MINUTE_S,
        bout=min(0.5, 0.05 * who),
        bout_min=rng.uniform(1.5, 5.0),
        per_min=rng.uniform(0.4, 1.2),
        calm_per_h=0.5 * who,
        twitch_per_h=0.3 * math.pow(20.0, rng.random()),
    )


def moves(night: Night, rng: Random) -> list[Move]:
    """Draw all movements in the bed, in order."""
    how = rhythm(night, rng)
    found: list[Move] = []
    for stay in night.stays:
        found += _asleep(night, stay, how, rng)
        found += [Move(at, 1, "twitch") for at in _poisson(stay, how.twitch_per_h, rng)]
        found += [Move(edge, rng.randint(6, 40), "edge") for edge in stay]
    for edge in sorted({edge for bare in night.bare for edge in bare.span}):
        if inside(night.stays, edge):
            found.append(Move(edge, rng.randint(2, 15), "cover"))
    for stay in night.partner.stays if night.partner else ():
        per_h = night.partner.per_h if night.partner else 0.0
        found += [Move(at, _length(rng), "partner") for at in _poisson(stay, per_h, rng)]
        found += [Move(edge, rng.randint(5, 30), "partner") for edge in stay]
    return sorted(found)


def turns(night: Night, moved: list[Move]) -> list[int]:
    """Return the seconds of all true turns, with going to bed and moving the cover."""
    begins = {stay.from_s for stay in night.stays}
    mine = {move.at_s for move in moved if move.what in ("turn", "cover")}
    return sorted(mine | begins)


def lifts(moved: list[Move], rng: Random) -> list[Span]:
    """Draw the times in which a turn has raised the cover."""
    raised = [move for move in moved if move.what == "turn" and rng.random() < LIFTED]
    return [Span(move.at_s, move.at_s + rng.randint(20, 150)) for move in raised]


def _asleep(night: Night, stay: Span, how: Rhythm, rng: Random) -> Iterator[Move]:
    restless = True  # awake at first
    dozes_s = stay.from_s + night.sleeper.doze_s
    for at_s in range(stay.from_s, stay.to_s - MINUTE_S, MINUTE_S):
        if at_s >= dozes_s:
            ends = restless and rng.random() < 1 / how.bout_min
            begins = not restless and rng.random() < how.bout * _lightness(at_s - dozes_s, how)
            restless = begins or (restless and not ends)
        mean = how.per_min if restless else how.calm_per_h / 60
        for _ in range(poisson(mean, rng)):
            what = "turn" if rng.random() < TURNS else "shift"
            yield Move(at_s + rng.randrange(MINUTE_S), _length(rng), what)


def _lightness(asleep_s: float, how: Rhythm) -> float:
    """Return 0 (deep) to 1: light at the end of each cycle, and lighter in later cycles."""
    cycle, phase = divmod(asleep_s / how.cycle_s, 1.0)
    wave = 0.5 - 0.5 * math.cos(2 * math.pi * phase + math.pi)
    return min(1.0, 0.05 + 0.2 * min(cycle, 4) / 4 + 0.75 * wave**3)


def _length(rng: Random) -> int:
    return max(1, min(25, round(rng.lognormvariate(1.3, 0.7))))


def _poisson(span: Span, per_h: float, rng: Random) -> Iterator[int]:
    at_s = span.from_s + rng.expovariate(per_h / HOUR_S)
    while at_s < span.to_s:
        yield int(at_s)
        at_s += rng.expovariate(per_h / HOUR_S)
