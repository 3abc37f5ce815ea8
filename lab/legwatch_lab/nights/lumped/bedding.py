"""The bed of a lumped night: what covers the legs, and where the sensor lies in it."""

import math
from collections.abc import Mapping
from random import Random
from typing import NamedTuple

SKIN_FLUX = 22.0  # W/m2 that a comfortable sleeper loses; assumed
COMFORT_C, FILMS = 33.5, 0.29  # skin, and the resistance of both air films in m2K/W
LEAST, MOST = 0.05, 1.6  # resistance of a cover, from a sheet to two duvets
LEAKS = 0.4  # share of the heat that may go out at its edges


class Bed(NamedTuple):
    """Conductances in W/m2K, heat capacities in J/m2K, resistance in m2K/W."""

    cover: float  # resistance
    cover_j: float
    top_j: float  # the mattress near the skin
    deep_j: float
    top: float  # from the air to the top of the mattress
    deep: float  # from the top to the depth
    floor: float  # from the depth to the room
    gap: float  # median of what leaks at the edges of the cover
    gap_varies: float  # sigma of its logarithm, from turn to turn
    air_j: float  # air, sheet and nightwear by the sensor


class Place(NamedTuple):
    """Where the sensor lies: weights of the skins, and how far an uncovering reaches it (0-1)."""

    name: str  # thigh, calf or ankle
    near: float
    far: float
    foot: float
    trunk: float  # W/m2K towards the warm air by the trunk
    reach: Mapping[str, float]  # by both_legs, near, far, feet, all
    skin: float  # W/m2K from the skins to the air at the sensor
    open: float  # W/m2K towards the room when uncovered


def draw(room_c: float, rng: Random, thin: float = 1.0) -> Bed:
    """Draw the bed that somebody takes for a room; `thin` is a factor on the cover."""
    wanted = max(LEAST, (COMFORT_C - room_c) / SKIN_FLUX - FILMS)
    gap = min(LEAKS / wanted, 0.1 * math.pow(12.0, rng.random()))
    cover = min(MOST, 1 / (1 / wanted - gap)) * rng.lognormvariate(0.1, 0.15) * thin
    return Bed(
        cover=round(cover, 3),
        cover_j=round(rng.uniform(1_200, 4_000)),
        top_j=round(rng.uniform(1_500, 6_000)),
        deep_j=round(rng.uniform(8_000, 30_000)),
        top=round(rng.uniform(1.5, 5.0), 2),
        deep=round(rng.uniform(0.8, 2.5), 2),
        floor=round(rng.uniform(0.2, 0.8), 2),
        gap=round(gap, 3),
        gap_varies=round(rng.uniform(0.1, 0.6), 2),
        air_j=round(rng.uniform(500, 2_500)),
    )


def place(rng: Random, name: str | None = None) -> Place:
    """Draw where the sensor lies; the calf is the usual place."""
    name = name or rng.choices(("calf", "ankle", "thigh"), (5, 3, 2))[0]
    near, far, foot, trunk = {
        "thigh": (0.75, 0.25, 0.0, 0.8),
        "calf": (0.70, 0.27, 0.03, 0.2),
        "ankle": (0.50, 0.15, 0.35, 0.0),
    }[name]
    high, low, feet = {
        "thigh": ((0.6, 1.0), (0.1, 0.35), (0.0, 0.06)),
        "calf": ((0.85, 1.0), (0.15, 0.45), (0.05, 0.25)),
        "ankle": ((0.9, 1.0), (0.15, 0.5), (0.4, 0.85)),
    }[name]
    reach = {
        "both_legs": rng.uniform(*high),
        "near": rng.uniform(0.5, 0.9),
        "far": rng.uniform(*low),
        "feet": rng.uniform(*feet),
        "all": rng.uniform(0.9, 1.0),
    }
    return Place(
        name=name,
        near=near,
        far=far,
        foot=foot,
        trunk=round(trunk * rng.uniform(0.3, 1.5), 2),
        reach={what: round(share, 2) for what, share in reach.items()},
        skin=round(rng.uniform(3.5, 8.0), 2),
        open=round(rng.uniform(6.0, 18.0), 2),
    )
