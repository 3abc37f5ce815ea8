"""What `--wide` adds to a night of the body model: absences, louder movements, other paces.

It works on the scenario before the body, and on the readings after the sensors, so that a night
without it keeps its bytes.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from random import Random
from typing import Any, NamedTuple

from legwatch_lab.nights.body import person, scenarios
from legwatch_lab.nights.body.bed_air import STEP_S
from legwatch_lab.nights.body.movements import MovementTimes
from legwatch_lab.nights.body.scenario import Scenario, Uncovering, spot
from legwatch_lab.nights.simple.sensors import COUNT_S, ReplayRow
from legwatch_lab.nights.spans import HOUR_S, MINUTE_S, Span, without

ABSENCES = 0.75  # a night, in the mean
LEAST_S = 30 * MINUTE_S  # of an uncovering
APART_S, WARM_S = 15 * MINUTE_S, 45 * MINUTE_S  # after an uncovering, and before the next
ASLEEP_S, TRIES, LENGTHS = 20 * MINUTE_S, 40, 3
LOUDEST = 20.0  # counts in a second of movement
PACES = {STEP_S: 5, 30: 3, 60: 2}  # seconds between readings, and how often each comes
THERMAL = ("temperature_c", "humidity_pct")


class Wide(NamedTuple):
    """How the sensors of a wide night count."""

    pace_s: int
    per_s: float  # counts in a second of movement
    seconds: bool  # also writes `moved_s` and `active_s`
    active: float  # share of `moved_s` in which the line is active

    @property
    def count_s(self) -> int:
        """Return the seconds between counts."""
        return COUNT_S if self.pace_s == STEP_S else self.pace_s


def draw(rng: Random) -> Wide:
    """Draw pace and counts of a night; the counts are log-uniform between 1 and 20 a second."""
    return Wide(
        pace_s=rng.choices(list(PACES), list(PACES.values()))[0],
        per_s=round(math.pow(LOUDEST, rng.random()), 2),
        seconds=rng.random() < 0.4,
        active=round(rng.uniform(0.1, 1.0), 2),
    )


def widened(scenario: Scenario, rng: Random) -> Scenario:
    """Add absences of 5-90 min, and lengthen short uncoverings to 30 min."""
    scenario = replace(scenario, bare=tuple(map(_lengthened, scenario.bare)))
    for _ in range(_poisson(rng)):
        left_open = rng.random() < 0.6
        away = _away(scenario, rng)
        if away is not None:
            stays = without(scenario.in_bed, away)
            opened = (*scenario.open_bed, left_open)[-len(stays) :]
            scenario = replace(scenario, in_bed=stays, open_bed=opened)
    return scenario


def other_habits(scenario: Scenario, rng: Random) -> Scenario:
    """Return another night over the same skin: another place of the sensor, partner and bottle.

    Nothing changes that the body model knows.
    """
    scenario = replace(
        scenario,
        spot=spot(scenario.bedding, scenario.insulation, rng),
        restless=person.restless(scenario.sleeper, rng),
    )
    if scenario.in_bed and scenario.kind not in ("partner", "bottle"):
        for share, habit in ((0.3, scenarios.partner), (0.1, scenarios.bottle)):
            scenario = habit(scenario, rng) if rng.random() < share else scenario
    return scenario


def louder(moved: MovementTimes, wide: Wide, rng: Random) -> MovementTimes:
    """Return the same movements with the counts of another sensor."""

    def counted(burst: Mapping[int, int]) -> dict[int, int]:
        return {at_s: max(1, round(wide.per_s * rng.uniform(0.4, 1.6))) for at_s in burst}

    shifts = {at_s: counted(burst) for at_s, burst in moved.shifts.items()}
    return moved._replace(shifts=shifts, others=counted(moved.others))


def paced(rows: Iterable[ReplayRow], wide: Wide) -> list[ReplayRow]:
    """Return the readings at the pace of the night."""
    found: list[ReplayRow] = []
    counts: dict[int, list[int]] = {}
    for row in rows:
        if row.channel == "movement":
            counts.setdefault(row.at_s // wide.count_s, []).append(int(row.value))
        elif not row.channel.endswith(THERMAL) or row.at_s // STEP_S * STEP_S % wide.pace_s == 0:
            found.append(row)
    for place, there in counts.items():
        found += _counted(place, there, wide)
    return sorted(found)


def told(wide: Wide) -> dict[str, Any]:
    """Return what the truth record says of the sensors of a wide night."""
    return {"pace_s": wide.pace_s, "counts_per_s": wide.per_s, "seconds": wide.seconds}


def _counted(place: int, counts: list[int], wide: Wide) -> Iterator[ReplayRow]:
    at_s = (place + 1) * wide.count_s - 1
    yield ReplayRow(at_s, "movement", str(sum(counts)))
    if wide.seconds:
        moved_s = sum(min(COUNT_S, math.ceil(count / wide.per_s)) for count in counts)
        yield ReplayRow(at_s, "moved_s", f"{moved_s:.1f}")
        yield ReplayRow(at_s, "active_s", f"{moved_s * wide.active:.1f}")


def _lengthened(bare: Uncovering) -> Uncovering:
    """Lengthen to 30 min: the next uncovering and the end of the stay are 20 min or more away."""
    to_s = max(bare.span.to_s, bare.span.from_s + LEAST_S)
    return bare._replace(span=Span(bare.span.from_s, to_s))


def _poisson(rng: Random) -> int:
    count, left, product = 0, math.exp(-ABSENCES), rng.random()
    while product > left:
        count += 1
        product *= rng.random()
    return count


def _away(scenario: Scenario, rng: Random) -> Span | None:
    """Draw an absence of 5-90 min (log-uniform); in a full night a shorter one may fit."""
    for _ in range(LENGTHS):
        away = _free(scenario, round(5 * MINUTE_S * math.pow(18.0, rng.random())), rng)
        if away is not None:
            return away
    return None


def _free(scenario: Scenario, length_s: int, rng: Random) -> Span | None:
    """Draw a time within a stay, apart from uncovered times and from its ends; None: none fits."""
    if not scenario.in_bed:
        return None
    first_s, last_s = scenario.in_bed[0].from_s + HOUR_S, scenario.in_bed[-1].to_s - length_s
    for _ in range(TRIES if first_s < last_s else 0):
        at_s = rng.randrange(first_s, last_s)
        away = Span(at_s, at_s + length_s)
        within = any(
            stay.from_s + ASLEEP_S <= away.from_s and away.to_s + ASLEEP_S <= stay.to_s
            for stay in scenario.in_bed
        )
        bares = (bare.span for bare in scenario.bare)
        if within and all(away.to_s + WARM_S <= a or b + APART_S <= at_s for a, b in bares):
            return away
    return None
