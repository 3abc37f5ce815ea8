"""The sleeper of a lumped night, and how blood warms legs and feet.

Each vessel bed is in one of two states, open or narrow. It narrows when the legs' skin falls below
a set point, and opens again above the set point and a width (hysteresis). With sleep the set point
falls: warm feet go before sleep (Krauchi 1999, Nature 401:36). All figures are assumed.
"""

from random import Random
from typing import NamedTuple

from legwatch_lab.nights.spans import MINUTE_S


class Vessels(NamedTuple):
    """How the blood warms the skin. Conductances are W/m2K from the blood to the skin."""

    set_c: float  # mean skin of the legs below which the vessels narrow, awake
    asleep_c: float  # how far sleep lowers `set_c`
    width_c: float  # they open again this far above
    narrow: float  # share of the flow that is left in narrow vessels
    tau_s: float  # in which the flow follows
    tissue: float  # what muscle and fat conduct without any flow
    leg: float  # at full flow
    foot: float  # at full flow
    foot_tissue: float


class Sleeper(NamedTuple):
    """A person: age in years, blood in C, and the heat of the legs' outer layer in J/m2K."""

    age: int
    cold_feet: bool
    blood_c: float
    shell_j: float
    vessels: Vessels
    doze_s: int  # from going to bed to sleep


def draw(rng: Random) -> Sleeper:
    """Draw a sleeper of 20-90 years, half of them 65 or older."""
    age = rng.randint(65, 90) if rng.random() < 0.5 else rng.randint(20, 64)
    cold_feet = rng.random() < (0.45 if age >= 65 else 0.15)
    vessels = Vessels(
        set_c=round(rng.uniform(30.5, 33.0), 2),
        asleep_c=round(rng.uniform(0.8, 2.5), 2),
        width_c=round(rng.uniform(0.5, 2.0), 2),
        narrow=round(rng.uniform(0.06, 0.25), 3),
        tau_s=round(rng.uniform(3.0, 15.0) * MINUTE_S),
        tissue=round(rng.uniform(3.5, 5.5), 2),
        leg=round(rng.uniform(5.0, 14.0), 2),
        foot=round(rng.uniform(7.0, 20.0) * (0.25 if cold_feet else 1.0), 2),
        foot_tissue=round(rng.uniform(1.5, 3.0), 2),
    )
    return Sleeper(
        age=age,
        cold_feet=cold_feet,
        blood_c=round(rng.uniform(35.8, 36.7), 2),
        shell_j=round(rng.uniform(20_000, 40_000)),
        vessels=vessels,
        doze_s=round(rng.lognormvariate(2.7, 0.7) * MINUTE_S),
    )


class Flow:
    """The state of the vessels during a night."""

    def __init__(self, vessels: Vessels) -> None:
        self._vessels = vessels
        self._open = False
        self.share = vessels.narrow

    def step(self, skin_c: float, *, asleep: bool, step_s: float) -> None:
        """Let the vessels answer to the mean skin of both legs for `step_s` seconds."""
        mine = self._vessels
        set_c = mine.set_c - (mine.asleep_c if asleep else 0.0)
        if skin_c < set_c:
            self._open = False
        elif skin_c > set_c + mine.width_c:
            self._open = True
        goal = 1.0 if self._open else mine.narrow
        self.share += (goal - self.share) * min(1.0, step_s / mine.tau_s)

    @property
    def leg(self) -> float:
        """Return the conductance from blood to the skin of a leg, W/m2K."""
        return self._vessels.tissue + self.share * self._vessels.leg

    @property
    def foot(self) -> float:
        """Return the conductance from blood to the skin of a foot, W/m2K."""
        return self._vessels.foot_tissue + self.share * self._vessels.foot
