"""One made night from its seed: the bytes of its replay file and of its truth."""

import gzip
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from legwatch_lab.nights.body import cache, scenarios, sensors
from legwatch_lab.nights.body.bed_air import BedAir, air
from legwatch_lab.nights.body.movements import MovementTimes, moves
from legwatch_lab.nights.body.scenario import Scenario
from legwatch_lab.nights.body.sensors import SensorOptions
from legwatch_lab.nights.body.skin import SkinTemperatures, skin
from legwatch_lab.nights.body.truth import VERSION, truth
from legwatch_lab.nights.simple.sensors import ReplayRow

FIRST = datetime(2026, 1, 5, 21, tzinfo=UTC)  # nine in the evening, local time
CORPUS = "corpus"


class NightOrder(NamedTuple):
    """The words that make a night; the same words give the same bytes."""

    seed: int
    number: int
    kind: str  # one of KINDS, or corpus
    zone: tzinfo
    asked: SensorOptions = SensorOptions()


@dataclass(frozen=True, slots=True)
class BodyNight:
    """A made night, and what the cache has yet to learn of it."""

    name: str
    csv_gz: bytes
    truth: bytes
    cache: Path
    to_cache: bytes | None


def make(order: NightOrder) -> BodyNight:
    """Make a night, from the cache when its skin and air are there."""
    seed, number, zone = order.seed, order.number, order.zone
    kind = scenarios.drawn(seed, number) if order.kind == CORPUS else order.kind
    # One source of chance for each part, so that a change of one leaves the others as they were.
    chances = {
        part: Random(f"{seed}/{number}/{kind}/body/{part}")  # noqa: S311 - not for secrets
        for part in ("story", "moves", "sensors", "reads")
    }
    scenario = scenarios.scenario(kind, chances["story"])
    moved = moves(scenario, chances["moves"])
    path = cache.place(seed, number, kind)
    known = cache.load(path)
    felt, breathed = known or _reckon(scenario, moved)
    worn = sensors.draw(scenario, order.asked, chances["sensors"])
    begin = (FIRST + timedelta(days=number % 365)).replace(tzinfo=zone).astimezone(UTC)
    name = f"body-{seed}-{number + 1:04}-{kind}"
    said = sensors.rows(scenario, breathed, moved, worn, chances["reads"])
    told = {"v": VERSION, "file": f"{name}.csv.gz", "name": name, "model": "body"}
    told |= {"seed": seed, "number": number, "kind": kind}
    told |= truth(scenario, felt, breathed, moved, worn, begin, zone)
    to_cache = None if known else cache.packed(felt, breathed)
    return BodyNight(name, _zipped(said, begin, zone), _lines(told), path, to_cache)


def _reckon(scenario: Scenario, moved: MovementTimes) -> tuple[SkinTemperatures, BedAir]:
    felt = skin(scenario)
    return felt, air(scenario, felt, moved.lifts)


def _zipped(said: Iterable[ReplayRow], begin: datetime, zone: tzinfo) -> bytes:
    lines = ["time,channel,value"]
    last_s, when = -1, ""
    for row in said:
        if row.at_s != last_s:
            last_s = row.at_s
            moment = (begin + timedelta(seconds=last_s)).astimezone(zone)
            when = moment.isoformat(timespec="seconds")
        lines.append(f"{when},{row.channel},{row.value}")
    # A gzip file carries the time of its making and the name of its file, unless told otherwise.
    return gzip.compress("\n".join([*lines, ""]).encode(), compresslevel=6, mtime=0)


def _lines(told: dict[str, Any]) -> bytes:
    """Write one key a line: a course of 600 minutes is not meant to be read by the line."""
    parts = (f" {json.dumps(key)}: {json.dumps(value)}" for key, value in told.items())
    return ("{\n" + ",\n".join(parts) + "\n}\n").encode()
