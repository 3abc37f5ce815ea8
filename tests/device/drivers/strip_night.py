"""Made nights of a strip under a mattress; no recording of one was found.

They follow what is told of force resistors: they creep for hours under a load, keep a part of it
after the load has gone, and drift with warmth. A breath is a small part of the load, a turn a large
one that ends at another level. All levels are fractions of the supply.
"""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

RATE_HZ = 15
DT_S = 1 / RATE_HZ
SIGH_S = 5.0


class Stay(NamedTuple):
    """A time in bed, seconds since the begin."""

    from_s: float
    to_s: float


class Turn(NamedTuple):
    """A change of posture, seconds since the begin."""

    at_s: float
    lasts_s: float


@dataclass
class StripNight:
    """One night; `samples` yields the level each 1/15 s."""

    seed: int
    hours: float = 8.5
    turns_an_hour: float = 3.0
    empty: float = 0.10
    load: float = 0.35
    breath: float = 0.006  # amplitude
    noise: float = 0.00008
    step: float = 0.0  # of the converter
    stays: tuple[Stay, ...] = (Stay(1200, 12_240), Stay(12_600, 28_800))
    twitches_s: tuple[float, ...] = ()  # a third of a second each
    turns: list[Turn] = field(default_factory=list)
    sighs: int = 0

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        for stay in self.stays:
            at_s = stay.from_s + 300
            while True:
                at_s += 60 + self._chance.expovariate(self.turns_an_hour / 3600)
                if at_s > stay.to_s - 120:
                    break
                self.turns.append(Turn(at_s, self._chance.uniform(2, 9)))
                at_s += self.turns[-1].lasts_s

    def in_bed(self, at_s: float) -> bool:
        return any(stay.from_s <= at_s < stay.to_s for stay in self.stays)

    def samples(self) -> Iterator[tuple[float, float]]:
        """Yield (seconds, level)."""
        turns, chance = iter(self.turns), self._chance
        turn = next(turns, None)
        posture, wave, sigh_s = 1.0, 0.0, -10.0
        kept = creep = phase = 0.0
        entered_s = 0.0
        was_in = False
        for number in range(round(self.hours * 3600 * RATE_HZ)):
            at_s = number * DT_S
            here = self.in_bed(at_s)
            if here and not was_in:
                entered_s = at_s
            was_in = here
            level = self.empty + 0.02 * math.sin(at_s / 9000)  # warmth
            if here:
                lain_s = at_s - entered_s
                creep = 0.05 * math.log1p(lain_s / 60)
                size = min(1.0, lain_s / 8)  # sits down, then lies down
                moving = lain_s < 20
                if turn is not None and at_s >= turn.at_s:
                    moving = True
                    if at_s >= turn.at_s + turn.lasts_s:
                        posture, turn = chance.uniform(0.7, 1.3), next(turns, None)
                wave = 0.93 * wave + (chance.gauss(0, 0.05) if moving else 0.0)
                if chance.random() < DT_S / 500:
                    sigh_s, self.sighs = at_s, self.sighs + 1
                sigh = max(0.0, math.sin(math.pi * min(1.0, (at_s - sigh_s) / SIGH_S)))
                deep = 1 + 1.5 * sigh
                phase += 2 * math.pi * (0.25 + 0.03 * math.sin(at_s / 40)) * DT_S
                breath = self.breath * posture * deep * math.sin(phase)
                kept = self.load * posture * (1 + creep) * size
                level += max(-0.05, kept + wave * kept + breath * size)
                level += 0.05 * any(0 <= at_s - twitch_s < 0.33 for twitch_s in self.twitches_s)
                kept *= 0.1
            else:
                kept -= kept * DT_S / 1200
                level += kept
            level += chance.gauss(0, self.noise)
            yield at_s, round(level / self.step) * self.step if self.step else level
