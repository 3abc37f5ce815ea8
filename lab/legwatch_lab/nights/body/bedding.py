"""Bedding: its insulation for the body model, and `air_k` for the air in the bed."""

from collections.abc import Mapping
from random import Random
from typing import NamedTuple


class Cover(NamedTuple):
    """Effective insulation (clo) of trunk with arms, thighs, lower legs and feet; and `air_k`.

    `air_k` is (air - room) / (skin - room) for the air between skin and cover, by the series
    resistances of skin film, cover and outer film. With a leg skin of 34.3 C it gives under winter
    bedding 30.8, 31.5 and 32.2 C in rooms of 14, 18 and 22 C; under light bedding 29.2, 30.2 and
    31.2 C in the same rooms; under a sheet 27.6, 29.3 and 30.9 C in rooms of 18, 22 and 26 C.
    """

    trunk_clo: float
    thigh_clo: float
    leg_clo: float
    foot_clo: float
    air_k: float


# Complete bedding on a manikin has 0.90-4.89 clo: Lin & Deng 2008, Build Environ 43:905.
COVERS: Mapping[str, Cover] = {
    "winter": Cover(3.5, 3.5, 3.0, 2.5, 0.828),
    "light": Cover(2.0, 2.0, 1.8, 1.5, 0.748),
    "sheet": Cover(0.9, 0.9, 0.8, 0.7, 0.590),
}
BARE_LEG_CLO, BARE_FOOT_CLO = 0.3, 0.1  # pyjamas, and the mattress below
BARE_TRUNK_CLO = 0.9  # a night shirt, and the mattress below half of the trunk
# Legs keep about 32 C under winter bedding at 14 C, light at 20 C, a sheet at 25 C (JOS-3).
LIGHT_FROM_C, SHEET_FROM_C = 20.0, 24.0
# With 4.3 clo people sleep well at 3 C: Tsuzuki 2018, Buildings 8:76. ADDED is assumed.
ADDED, ADDED_PER_C, COLD_C = 0.8, 0.06, 17.5


def insulation(cover: str, room_c: float, rng: Random) -> float:
    """Draw a factor on the clo; in a cold room most people add something to winter bedding."""
    more = cover == "winter" and rng.random() < ADDED
    added = ADDED_PER_C * max(0.0, COLD_C - room_c) if more else 0.0
    return round(rng.uniform(0.92, 1.12) * (1 + added), 3)


def fitting(room_c: float, rng: Random) -> str:
    """Draw the bedding that somebody takes for a room; people misjudge the room a little."""
    judged_c = room_c + rng.gauss(0.0, 0.7)
    if judged_c < LIGHT_FROM_C:
        return "winter"
    return "light" if judged_c < SHEET_FROM_C else "sheet"
