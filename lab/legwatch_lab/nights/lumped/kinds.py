"""The kinds of lumped nights, and how often each kind comes in a corpus."""

import math
from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import NamedTuple

from legwatch_lab.nights.lumped import bedding, bedroom, habits, sleeper
from legwatch_lab.nights.lumped.habits import ABSENCES, Bare, Fan, Night
from legwatch_lab.nights.spans import HOUR_S, MINUTE_S, Span, without

CORPUS = "corpus"
COOL_C = 21.0  # in a warmer room nobody warms the bed


class Kind(NamedTuple):
    """A kind of night: its weight in a corpus, what is uncovered, its room, and its habits."""

    weight: int
    bare: str = ""
    room_c: tuple[float, float] = (10.0, 25.0)
    sure: tuple[str, ...] = ()  # habits that every night of it has
    absences: float = ABSENCES
    thin: float = 1.0
    restless: float = 1.0


# The weights try every rule; they are not counted on people.
KINDS: Mapping[str, Kind] = {
    "quiet": Kind(24),
    "uncovered": Kind(16, "both_legs"),
    "one_leg": Kind(7, "one_leg"),
    "feet": Kind(4, "feet"),
    "all": Kind(4, "all"),
    "fan": Kind(6, "both_legs", (16.0, 25.0), ("fan",)),
    "summer": Kind(6, room_c=(24.0, 28.0), sure=("summer",)),
    "couple": Kind(5, sure=("partner",)),
    "bottle": Kind(4, room_c=(10.0, 20.0), sure=("bottle",)),
    "blanket": Kind(4, room_c=(10.0, 20.0), sure=("blanket",)),
    "window": Kind(5, sure=("window",)),
    "absent": Kind(5, absences=2.5),
    "restless": Kind(5, restless=3.0),
    "thin": Kind(5, room_c=(10.0, 20.0), thin=0.45),
    "empty": Kind(3),
    "still": Kind(0, restless=0.0),  # truly still once asleep, but for twitches; not in a corpus
}


def drawn(seed: int, number: int) -> str:
    """Return the kind of a corpus night, from a shuffled deck: a small corpus is mixed, too."""
    deck = [name for name, kind in KINDS.items() for _ in range(kind.weight)]
    Random(f"{seed}/{number // len(deck)}/lumped").shuffle(deck)  # noqa: S311 - not for secrets
    return deck[number % len(deck)]


def night(name: str, rng: Random, before_h: float | None = None) -> Night:
    """Draw a night of a kind; raises KeyError for an unknown one."""
    kind = KINDS[name]
    found = _plain(name, kind, rng, before_h)
    has = {*kind.sure, *_usual(found, rng)}
    if "summer" in has:
        bare = "both_legs" if rng.random() < 0.5 else ""
        found = _uncovered(found, bare, rng)
        has |= {"fan"} if rng.random() < 0.4 else set()
    found = _uncovered(found, kind.bare, rng)
    found = _up(found, habits.absences(found, rng, kind.absences), rng)
    found = _warmed(found, has, rng)
    if "partner" in has:
        found = replace(found, partner=habits.partner(found, rng))
    if "fan" in has:
        found = replace(found, fan=(Fan(_blown(found, rng), round(rng.uniform(0.2, 1.2), 2)),))
    if name == "empty":  # nor is a partner there, whom the sensors would take for the sleeper
        found = replace(found, stays=(), left_open=(), bare=(), partner=None)
    return found


def _plain(name: str, kind: Kind, rng: Random, before_h: float | None) -> Night:
    """Draw a night without events: an empty bed, 6-9.5 h in bed, and 10-40 min after."""
    drawn_s = rng.randrange(40, 120) * MINUTE_S
    before_s = drawn_s if before_h is None else round(before_h * HOUR_S)
    bed_h = round(rng.uniform(21.0, 24.5) * 60) / 60
    leave_s = before_s + round(rng.uniform(6.0, 9.5) * 60) * MINUTE_S
    start_c = rng.uniform(*kind.room_c)
    return Night(
        kind=name,
        begin_h=bed_h - before_s / HOUR_S,
        length_s=leave_s + rng.randrange(10, 40) * MINUTE_S,
        sleeper=sleeper.draw(rng),
        room=bedroom.draw(start_c, rng),
        evening_c=round(max(start_c, rng.uniform(18.0, 23.0)), 1),
        bed=bedding.draw(start_c - 0.5, rng, kind.thin),
        place=bedding.place(rng),
        stays=(Span(before_s, leave_s),),
        left_open=(rng.random() < 0.5,),
        restless=kind.restless,
    )


def _usual(found: Night, rng: Random) -> set[str]:
    """Draw the habits that a night has in any case."""
    shares = {"partner": 0.3, "window": 0.15, "bottle": 0.1, "blanket": 0.1}
    has = {name for name, share in shares.items() if rng.random() < share}
    return has - {"bottle", "blanket"} if found.room.start_c > COOL_C else has


def _uncovered(found: Night, what: str, rng: Random) -> Night:
    """Uncover `what` once or twice for 30-180 min, 45 min or more after going to bed."""
    if not what:
        return found
    side = rng.choice(("near", "far"))
    taken: list[Span] = []
    for _ in range(rng.choice((1, 1, 2))):
        length_s = round(30 * math.pow(6.0, rng.random())) * MINUTE_S
        span = habits.free(found.stays[0], length_s, taken, rng)
        if span is not None:
            taken.append(span)
    return replace(found, bare=tuple(Bare(span, what, side) for span in sorted(taken)))


def _up(found: Night, away: tuple[Span, ...], rng: Random) -> Night:
    stays = found.stays
    for span in away:
        stays = without(stays, span)
    left_open = tuple(rng.random() < 0.6 for _ in stays)
    return replace(found, stays=stays, left_open=left_open)


def _warmed(found: Night, has: set[str], rng: Random) -> Night:
    if "blanket" in has:
        found = replace(found, blanket=habits.blanket(found, rng))
    if "bottle" in has:
        found = replace(found, bottle=habits.bottle(found, rng))
    if "window" in has:
        at_s = rng.randrange(found.stays[0].from_s - 30 * MINUTE_S, found.stays[-1].to_s - HOUR_S)
        found = replace(found, room=bedroom.opened(found.room, max(0, at_s), rng))
    return found


def _blown(found: Night, rng: Random) -> Span:
    """Return when the fan runs: around the uncovered times, or for most of the night."""
    if not found.bare:
        return habits.most_of(found, rng)
    first_s, last_s = found.bare[0].span.from_s, found.bare[-1].span.to_s
    begin_s = max(found.stays[0].from_s, first_s - rng.randrange(0, 60) * MINUTE_S)
    return Span(begin_s, min(found.length_s, last_s + rng.randrange(0, 60) * MINUTE_S))
