"""Make one night from its seed: the bytes of its replay file and of its truth file."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from random import Random
from typing import NamedTuple

from legwatch_lab.nights import files
from legwatch_lab.nights.body import cache, scenarios, sensors
from legwatch_lab.nights.body.bed_air import BedAir, air
from legwatch_lab.nights.body.movements import MovementTimes, moves
from legwatch_lab.nights.body.scenario import Scenario
from legwatch_lab.nights.body.sensors import SensorOptions
from legwatch_lab.nights.body.skin import SkinTemperatures, skin
from legwatch_lab.nights.body.truth import VERSION, truth

FIRST = datetime(2026, 1, 5, 21, tzinfo=UTC)  # nine in the evening, local time
CORPUS = "corpus"


class NightOrder(NamedTuple):
    """The parameters of a night; the same parameters give the same bytes."""

    seed: int
    number: int
    kind: str  # one of KINDS, or corpus
    zone: tzinfo
    asked: SensorOptions = SensorOptions()


@dataclass(frozen=True, slots=True)
class BodyNight:
    """A made night; `to_cache` is the content of its cache file, None if that exists."""

    name: str
    csv_gz: bytes
    truth: bytes
    cache: Path
    to_cache: bytes | None


def make(order: NightOrder) -> BodyNight:
    """Make a night; read its skin and air from the cache if they are there."""
    seed, number, zone = order.seed, order.number, order.zone
    kind = scenarios.drawn(seed, number) if order.kind == CORPUS else order.kind
    # Each part has its own random generator: a change of one part does not change the others.
    rngs = {
        part: Random(f"{seed}/{number}/{kind}/body/{part}")  # noqa: S311 - not for secrets
        for part in ("story", "moves", "sensors", "reads")
    }
    scenario = scenarios.scenario(kind, rngs["story"])
    moved = moves(scenario, rngs["moves"])
    path = cache.place(seed, number, kind)
    known = cache.load(path)
    skin_c, bed_air = known or _compute(scenario, moved)
    errors = sensors.draw(scenario, order.asked, rngs["sensors"])
    begin = (FIRST + timedelta(days=number % 365)).replace(tzinfo=zone).astimezone(UTC)
    name = f"body-{seed}-{number + 1:04}-{kind}"
    rows = sensors.rows(scenario, bed_air, moved, errors, rngs["reads"])
    truth_body = {"v": VERSION, "file": f"{name}.csv.gz", "name": name, "model": "body"}
    truth_body |= {"seed": seed, "number": number, "kind": kind}
    truth_body |= truth(
        scenario=scenario,
        skin=skin_c,
        air=bed_air,
        moved=moved,
        sensors=errors,
        begin=begin,
        zone=zone,
    )
    to_cache = None if known else cache.packed(skin_c, bed_air)
    return BodyNight(name, files.zipped(rows, begin, zone), files.lines(truth_body), path, to_cache)


def _compute(scenario: Scenario, moved: MovementTimes) -> tuple[SkinTemperatures, BedAir]:
    skin_c = skin(scenario)
    return skin_c, air(scenario, skin_c, moved.lifts)
