"""What somebody does in a lumped night. Times are seconds from the begin of the night."""

import math
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from legwatch_lab.nights.lumped.bedding import Bed, Place
from legwatch_lab.nights.lumped.bedroom import Bedroom
from legwatch_lab.nights.lumped.sleeper import Sleeper
from legwatch_lab.nights.spans import HOUR_S, MINUTE_S, Span

ABSENCES = 0.75  # a night, in the mean
SETTLED_S, LAST_S = 45 * MINUTE_S, 20 * MINUTE_S  # after going to bed or back, and before the end
TRIES, LENGTHS = 40, 3


class Bare(NamedTuple):
    """A time with uncovered legs or feet; `side` counts for one leg only."""

    span: Span
    what: str  # both_legs, one_leg, feet or all
    side: str  # near or far


class Fan(NamedTuple):
    """A stream of air over the bed."""

    span: Span
    m_s: float


class Blanket(NamedTuple):
    """An electric blanket below the sheet; a timer turns it off."""

    span: Span
    w_m2: float


class Bottle(NamedTuple):
    """A hot-water bottle by the feet: C at first, J/m2K, and W/m2K to feet and sensor."""

    at_s: int
    hot_c: float
    heat_j: float
    feet: float
    sensor: float


class Partner(NamedTuple):
    """A second person in the bed."""

    stays: tuple[Span, ...]
    w_k: float  # W/m2K from their warmth to the air at the sensor
    per_h: float  # their movements
    seen: float  # share of these that the sensor sees


@dataclass(frozen=True, slots=True)
class Night:
    """All that is drawn before any heat flows; `begin_h` is the local hour at which it begins."""

    kind: str
    begin_h: float
    length_s: int
    sleeper: Sleeper
    room: Bedroom
    evening_c: float  # where the sleeper sits before bed
    bed: Bed
    place: Place
    stays: tuple[Span, ...]
    left_open: tuple[bool, ...]  # for each stay: the cover lies back after it
    bare: tuple[Bare, ...] = ()
    fan: tuple[Fan, ...] = ()
    blanket: Blanket | None = None
    bottle: Bottle | None = None
    partner: Partner | None = None
    restless: float = 1.0  # factor on the movements


def absences(night: Night, rng: Random, mean: float = ABSENCES) -> tuple[Span, ...]:
    """Draw the absences: a Poisson number, each 5-90 min long (log-uniform), apart from others."""
    found: list[Span] = []
    (stay,) = night.stays
    for _ in range(min(4, poisson(mean, rng))):
        taken = [*found, *(bare.span for bare in night.bare)]
        for _ in range(LENGTHS):  # in a full night a shorter absence may fit
            length_s = round(5 * MINUTE_S * math.pow(18.0, rng.random()))
            span = free(stay, length_s, taken, rng)
            if span is not None:
                found.append(span)
                break
    return tuple(sorted(found))


def free(stay: Span, length_s: int, taken: list[Span], rng: Random) -> Span | None:
    """Draw a time that is free, 45 min after going to bed or later; None if none fits."""
    first_s, last_s = stay.from_s + SETTLED_S, stay.to_s - length_s - LAST_S
    if first_s >= last_s:
        return None
    for _ in range(TRIES):
        at_s = rng.randrange(first_s, last_s)
        span = Span(at_s, at_s + length_s)
        if all(span.to_s + SETTLED_S <= a or b + SETTLED_S <= at_s for a, b in taken):
            return span
    return None


def blanket(night: Night, rng: Random) -> Blanket:
    """Draw an electric blanket: on before bed, off by its timer."""
    on_s = max(0, night.stays[0].from_s - rng.randrange(0, 60) * MINUTE_S)
    off_s = night.stays[0].from_s + rng.randrange(0, 5 * 60) * MINUTE_S
    return Blanket(Span(on_s, off_s), round(rng.uniform(15.0, 60.0), 1))


def bottle(night: Night, rng: Random) -> Bottle:
    """Draw a hot-water bottle, laid into the bed up to an hour before."""
    return Bottle(
        at_s=max(0, night.stays[0].from_s - rng.randrange(0, 60) * MINUTE_S),
        hot_c=round(rng.uniform(45.0, 65.0), 1),
        heat_j=round(rng.uniform(15_000, 45_000)),
        feet=round(rng.uniform(0.8, 2.5), 2),
        sensor=round(rng.uniform(0.0, 1.2), 2),
    )


def partner(night: Night, rng: Random) -> Partner:
    """Draw a partner, who gets up for 10-60 min in a third of the nights."""
    into_s = max(0, night.stays[0].from_s + rng.randrange(-90, 90) * MINUTE_S)
    stay = Span(into_s, min(night.length_s, night.stays[-1].to_s + rng.randrange(-90, 40) * 60))
    away = free(stay, rng.randrange(10, 60) * MINUTE_S, [], rng) if rng.random() < 1 / 3 else None
    stays = (Span(stay.from_s, away.from_s), Span(away.to_s, stay.to_s)) if away else (stay,)
    return Partner(
        stays=stays,
        w_k=round(0.1 * math.pow(20.0, rng.random()), 2),
        per_h=round(rng.uniform(1.0, 6.0), 2),
        seen=round(rng.uniform(0.1, 0.9), 2),
    )


def most_of(night: Night, rng: Random) -> Span:
    """Draw a time that begins in the first two hours in bed and ends one to eight hours later."""
    begin_s = night.stays[0].from_s + rng.randrange(0, 120) * MINUTE_S
    return Span(begin_s, min(night.length_s, begin_s + rng.randrange(1, 9) * HOUR_S))


def poisson(mean: float, rng: Random) -> int:
    """Draw a Poisson number."""
    count, left = 0, math.exp(-mean)
    product = rng.random()
    while product > left:
        count += 1
        product *= rng.random()
    return count
