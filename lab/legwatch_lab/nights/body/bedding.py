"""What covers a sleeper: its insulation for the body, and its share of the way for the air."""

from collections.abc import Mapping
from random import Random
from typing import NamedTuple


class Cover(NamedTuple):
    """Effective clo of trunk (arms too), thighs, lower legs and feet; `air_k` is for the bed's air.

    `air_k` is the share of the way from room to skin that the air between skin and cover goes. It
    gives, with a leg skin of 34.3 C, under winter bedding 30.8, 31.5 and 32.2 C at a room of 14, 18
    and 22; light 29.2, 30.2, 31.2; sheet 27.6, 29.3, 30.9 at 18, 22, 26: the series resistances of
    skin film, cover and outer film.
    """

    trunk_clo: float
    thigh_clo: float
    leg_clo: float
    foot_clo: float
    air_k: float


# Whole bedding systems measure 0.90-4.89 clo on a manikin: Lin & Deng 2008, Build Environ 43:905.
COVERS: Mapping[str, Cover] = {
    "winter": Cover(3.5, 3.5, 3.0, 2.5, 0.828),
    "light": Cover(2.0, 2.0, 1.8, 1.5, 0.748),
    "sheet": Cover(0.9, 0.9, 0.8, 0.7, 0.590),
}
BARE_LEG_CLO, BARE_FOOT_CLO = 0.3, 0.1  # what pyjamas and the mattress below still give
BARE_TRUNK_CLO = 0.9  # a night shirt, and the mattress under half of it
# Legs keep 32 C or so under winter bedding at 14 C, light at 20, a sheet at 25 (JOS-3 runs).
LIGHT_FROM_C, SHEET_FROM_C = 20.0, 24.0
# With 4.3 clo sleep is good at 3 C: Tsuzuki 2018, Buildings 8:76. How many take it is assumed.
ADDED, ADDED_PER_C, COLD_C = 0.8, 0.06, 17.5


def insulation(cover: str, room_c: float, rng: Random) -> float:
    """Return the clo of this bedding beside others of its name; most add to it in the cold."""
    more = cover == "winter" and rng.random() < ADDED
    added = ADDED_PER_C * max(0.0, COLD_C - room_c) if more else 0.0
    return round(rng.uniform(0.92, 1.12) * (1 + added), 3)


def fitting(room_c: float, rng: Random) -> str:
    """Return the bedding that somebody takes for a room: mostly what fits it."""
    felt_c = room_c + rng.gauss(0.0, 0.7)
    if felt_c < LIGHT_FROM_C:
        return "winter"
    return "light" if felt_c < SHEET_FROM_C else "sheet"
