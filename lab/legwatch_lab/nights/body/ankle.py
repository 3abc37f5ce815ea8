"""A second sensor by the ankle of a night of the body model: the same bed, another spot.

Nothing of it changes the night itself: it has a random generator of its own. The spot is assumed:
uncovered feet open it nearly as far as uncovered legs do, and its skin is half that of the foot.
"""

from dataclasses import replace
from random import Random
from typing import Any

from legwatch_lab.nights.body import bed_air, sensors
from legwatch_lab.nights.body.bed_air import BedAir
from legwatch_lab.nights.body.movements import MovementTimes
from legwatch_lab.nights.body.scenario import Scenario, Spot, spot
from legwatch_lab.nights.body.sensors import SensorErrors
from legwatch_lab.nights.body.skin import SkinTemperatures
from legwatch_lab.nights.simple.sensors import ReplayRow
from legwatch_lab.nights.spans import inside

FEET = (0.6, 0.95)  # how far uncovered feet move the air there to that of uncovered legs
COOLER = (0.94, 1.0)  # factor on `cover_k`: the foot end leaks


def rows(
    scenario: Scenario,
    skin: SkinTemperatures,
    moved: MovementTimes,
    errors: SensorErrors,
    rng: Random,
) -> tuple[list[ReplayRow], dict[str, Any]]:
    """Return the readings, and what is true of them."""
    place = _spot(scenario, rng)
    there = replace(scenario, spot=place)
    air: BedAir = bed_air.air(there, _by_the_ankle(skin), moved.lifts)
    lag_s, offset_c = round(sensors.lag_drawn_s(rng)), round(sensors.offset_drawn_c(rng), 2)
    found = sensors.thermometer(
        name="ankle",
        air_c=air.leg_c,
        air_kpa=air.leg_kpa,
        lag_s=lag_s,
        offset_c=offset_c,
        lost=errors.lost,
        faults=[],
        rng=rng,
    )
    off = [fault.span for fault in scenario.faults if fault.sensor == "agent"]
    told = {"spot": place._asdict(), "lag_s": lag_s, "offset_c": offset_c}
    return [row for row in found if not inside(off, row.at_s)], told


def _spot(scenario: Scenario, rng: Random) -> Spot:
    drawn = spot(scenario.bedding, scenario.insulation, rng)
    return drawn._replace(
        cover_k=round(drawn.cover_k * rng.uniform(*COOLER), 3),
        feet=round(rng.uniform(*FEET), 2),
    )


def _by_the_ankle(skin: SkinTemperatures) -> SkinTemperatures:
    def half(leg: list[float], foot: list[float]) -> list[float]:
        return [(a + b) / 2 for a, b in zip(leg, foot, strict=True)]

    near, far = half(skin.near_leg, skin.near_foot), half(skin.far_leg, skin.far_foot)
    return skin._replace(near_leg=near, far_leg=far)
