"""The sleeper of a made night."""

from random import Random
from typing import NamedTuple

# (Age in years, posture changes per hour): De Koninck 1992, Sleep 15:143 (ten people each).
SHIFTS_PER_H = ((21.0, 3.6), (40.0, 2.7), (72.5, 2.1))
MORE_OR_LESS = 6.0  # gamma shape: how people of one age differ; assumed


class Sleeper(NamedTuple):
    """A person as the body model needs it; `sex` is male or female."""

    sex: str
    age: int
    height_m: float
    weight_kg: float


class Restless(NamedTuple):
    """Posture changes per hour, and the gamma shape of the times between them."""

    per_h: float
    shape: float  # 1: independent turns (Poisson); below 1: in bunches


def draw(rng: Random) -> Sleeper:
    """Draw a sleeper of 20-85 years, mostly 65-80, the age that legwatch is made for."""
    low, high = rng.choices(((65, 80), (20, 64), (81, 85)), (60, 30, 10))[0]
    age = rng.randint(low, high)
    sex = rng.choice(("female", "male"))
    mean_m, sd_m = (1.75, 0.07) if sex == "male" else (1.62, 0.065)
    height_m = min(2.0, max(1.45, rng.gauss(mean_m - (0.02 if age > 65 else 0.0), sd_m)))
    mass_index = min(35.0, max(19.0, rng.gauss(25.5, 3.5)))
    return Sleeper(sex, age, round(height_m, 2), round(mass_index * height_m**2, 1))


def restless(sleeper: Sleeper, rng: Random) -> Restless:
    """Draw how often a sleeper of this age turns, and how evenly."""
    mean = _between(sleeper.age)
    per_h = max(0.6, rng.gammavariate(MORE_OR_LESS, mean / MORE_OR_LESS))
    return Restless(round(per_h, 2), rng.choice((0.6, 1.0)))


def _between(age: float) -> float:
    (first, most), (middle, some), (last, least) = SHIFTS_PER_H
    if age <= middle:
        part = max(0.0, (age - first) / (middle - first))
        return most + part * (some - most)
    part = min(1.0, (age - middle) / (last - middle))
    return some + part * (least - some)
