"""How far the cover is away in a lumped night, and how the air blows over the bed."""

from typing import NamedTuple

from legwatch_lab.nights.lumped.habits import Night
from legwatch_lab.nights.spans import Span, inside

LIFTED = 0.6  # under a cover that a turn has raised
EMPTY_OPEN = 0.85  # in an empty bed that was left open


class Openness(NamedTuple):
    """How far the cover is away (0-1): by the sensor, the near and the far leg, and the feet."""

    sensor: float
    near: float
    far: float
    feet: float


def openness(night: Night, at_s: int, raised: list[Span]) -> Openness:
    """Return how far the cover is away at `at_s`."""
    if not inside(night.stays, at_s):
        left = [
            opened for s, opened in zip(night.stays, night.left_open, strict=True) if s.to_s <= at_s
        ]
        share = EMPTY_OPEN if left and left[-1] else 0.0
        return Openness(share, share, share, share)
    bare = next((bare for bare in night.bare if inside([bare.span], at_s)), None)
    if bare is None:
        share = LIFTED if inside(raised, at_s) else 0.0
        return Openness(share, share / 2, share / 2, 0.0)
    reach = night.place.reach
    match bare.what:
        case "one_leg":
            near = bare.side == "near"
            return Openness(reach[bare.side], float(near), float(not near), 0.5)
        case "feet":
            return Openness(reach["feet"], 0.1, 0.1, 1.0)
        case _:
            return Openness(reach[bare.what], 1.0, 1.0, 1.0)


def blown(night: Night, at_s: int) -> float:
    """Return the speed of the air over the bed in m/s; 0 without a fan."""
    return next((fan.m_s for fan in night.fan if inside([fan.span], at_s)), 0.0)
