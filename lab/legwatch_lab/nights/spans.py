"""The events of a made night, without sensors. Times are seconds from the begin of the night."""

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

HOUR_S = 3600
MINUTE_S = 60


class Span(NamedTuple):
    """From `from_s`, inclusive, to `to_s`, exclusive."""

    from_s: int
    to_s: int


class Fault(NamedTuple):
    """A fault of a sensor, and its time. `agent` is a fault of all sensors at once."""

    sensor: str  # leg, room, movement or agent
    what: str  # silent, zeros, stuck or blind
    span: Span


@dataclass(frozen=True, slots=True)
class NightPlan:
    """One night. `*_k` is (air by the legs - room) / (skin - room) once the air has settled."""

    kind: str
    length_s: int
    room_c: float
    drift_c: float  # of the room until morning
    skin_c: float  # of the legs at bedtime
    in_bed: tuple[Span, ...]
    turns_per_h: float
    cover_k: float
    bare_k: float
    fan_k: float
    lag_s: float  # of the thermometers
    offsets_c: tuple[float, float]  # of the leg and the room thermometer
    bare: tuple[Span, ...] = ()
    fan: tuple[Span, ...] = ()
    faults: tuple[Fault, ...] = ()
    mat: bool = True
    warmed: bool = False  # the bed is warm when the file begins
    pace: float = 1.0  # how fast the air changes; above 1 only for the demo


def draw(kind: str, rng: Random) -> NightPlan:
    """Draw a night without events: eight hours, a good cover, and the errors of a DHT22."""
    length_s = 8 * HOUR_S
    enter_s = rng.randrange(5, 25) * MINUTE_S
    # Values of `cover_k`, by a resistance model: winter 0.83, light 0.75, sheet 0.59.
    return NightPlan(
        kind,
        length_s,
        room_c=round(rng.uniform(16.0, 21.0), 2),
        drift_c=round(rng.uniform(-2.5, 0.5), 2),
        skin_c=round(rng.uniform(27.0, 31.0), 2),
        in_bed=(Span(enter_s, length_s - rng.randrange(0, 20) * MINUTE_S),),
        turns_per_h=_turns(rng),
        cover_k=round(rng.uniform(0.79, 0.87), 3),
        bare_k=round(rng.uniform(0.2, 0.35), 3),
        fan_k=round(rng.uniform(0.12, 0.22), 3),
        lag_s=round(rng.uniform(3.0, 6.0) * MINUTE_S),
        offsets_c=(_offset(rng), _offset(rng)),
    )


def inside(spans: Iterable[Span], at_s: float) -> bool:
    """Return True if `at_s` lies in one of the spans."""
    return any(from_s <= at_s < to_s for from_s, to_s in spans)


def without(spans: Iterable[Span], hole: Span) -> tuple[Span, ...]:
    """Remove `hole` from the spans."""
    rest = []
    for span in spans:
        rest.append(Span(span.from_s, min(span.to_s, hole.from_s)))
        rest.append(Span(max(span.from_s, hole.to_s), span.to_s))
    return tuple(span for span in rest if span.from_s < span.to_s)


def _turns(rng: Random) -> float:
    """Draw turns per hour: the mean depends on the age, and the nights vary around it."""
    # Turns per hour at 18-24, 35-45 and 65-80 years: De Koninck 1992.
    mean = rng.choice((3.6, 2.7, 2.1))
    return round(max(0.8, rng.gammavariate(6.0, mean / 6.0)), 2)


def _offset(rng: Random) -> float:
    return round(max(-0.5, min(0.5, rng.gauss(0.0, 0.25))), 2)
