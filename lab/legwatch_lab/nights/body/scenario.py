"""The events of a made night, before body and air. Times are seconds from the begin."""

from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from legwatch_lab.nights.body import bedding, person, room
from legwatch_lab.nights.body.person import Restless, Sleeper
from legwatch_lab.nights.body.room import Room
from legwatch_lab.nights.spans import HOUR_S, MINUTE_S, Fault, Span


class Uncovering(NamedTuple):
    """A time with uncovered legs or feet; `side` counts for one leg only."""

    span: Span
    what: str  # both_legs, one_leg, feet or all
    side: str = "near"  # or far


class Fan(NamedTuple):
    """A stream of air over the sleeper."""

    span: Span
    m_s: float


class Bottle(NamedTuple):
    """A hot-water bottle: from `at_s` on the air at the sensor is warmer, first by `warm_c`."""

    at_s: int
    warm_c: float
    tau_s: float  # of the decay


class Partner(NamedTuple):
    """A second person in the bed."""

    span: Span
    warm_c: float
    shifts_per_h: float
    seen: float  # the share of their movements that the sensor sees


class Spot(NamedTuple):
    """The air at the sensor's place; `*_k` is (air - room) / (skin - room) once it has settled.

    With uncovered legs, (air - room) has a median of 4.4 C (2.1-6.2) in still air and of 2.5 C
    (0.6-3.8) under a fan. The near leg alone gives most of the fall, the far leg about half, and
    the feet little. The model assumes these values; nobody measured them on a real bed.
    """

    cover_k: float
    bare_k: float
    fan_k: float
    near: float
    far: float
    feet: float
    pace: float  # factor on the time constants of the air
    damp_kpa: float  # vapour that a covered sleeper adds


@dataclass(frozen=True, slots=True)
class Scenario:
    """One night."""

    kind: str
    length_s: int
    sleeper: Sleeper
    restless: Restless
    bedding: str
    insulation: float  # factor on the clo of this bedding
    room: Room
    evening_c: float  # of the room where the sleeper sits before bed
    in_bed: tuple[Span, ...]
    open_bed: tuple[bool, ...]  # for each stay: the bed is open after it
    spot: Spot
    bare: tuple[Uncovering, ...] = ()
    fan: tuple[Fan, ...] = ()
    bottle: Bottle | None = None
    partner: Partner | None = None
    tossing: bool = False
    faults: tuple[Fault, ...] = ()


def draw(
    kind: str,
    rng: Random,
    *,
    room_c: tuple[float, float] = (13.0, 25.0),
    before_s: int | None = None,
) -> Scenario:
    """Draw a night without events: an empty bed, 7-9 h in bed, and 10-30 min after.

    The bed is empty for `before_s` seconds; None: for 40-90 min.
    """
    drawn_s = rng.randrange(40 * MINUTE_S, 90 * MINUTE_S)
    enter_s = drawn_s if before_s is None else before_s
    leave_s = enter_s + rng.randrange(7 * HOUR_S, 9 * HOUR_S)
    length_s = (leave_s + rng.randrange(10, 30) * MINUTE_S) // MINUTE_S * MINUTE_S
    sleeper = person.draw(rng)
    air = room.draw(rng.uniform(*room_c), length_s, rng)
    cover = bedding.fitting(air.at(length_s / 2), rng)
    warmth = bedding.insulation(cover, air.at(length_s / 2), rng)
    return Scenario(
        kind=kind,
        length_s=length_s,
        sleeper=sleeper,
        restless=person.restless(sleeper, rng),
        bedding=cover,
        insulation=warmth,
        room=air,
        evening_c=round(max(air.start_c, rng.uniform(18.5, 22.5)), 1),
        in_bed=(Span(enter_s, leave_s),),
        open_bed=(rng.random() < 0.5,),
        spot=spot(cover, warmth, rng),
    )


def spot(cover: str, insulation: float, rng: Random) -> Spot:
    """Draw the air at a sensor under this cover."""
    leak = (1 - bedding.COVERS[cover].air_k) / insulation
    return Spot(
        cover_k=round(1 - leak * min(1.25, max(0.8, rng.gauss(1.0, 0.12))), 3),
        bare_k=round(rng.triangular(0.18, 0.38, 0.31), 3),
        fan_k=round(rng.triangular(0.12, 0.30, 0.20), 3),
        near=round(rng.uniform(0.65, 0.9), 2),
        far=round(rng.uniform(0.4, 0.6), 2),
        feet=round(rng.uniform(0.10, 0.25), 2),
        pace=round(rng.lognormvariate(0.0, 0.2), 2),
        damp_kpa=round(rng.uniform(0.6, 1.5), 2),
    )
