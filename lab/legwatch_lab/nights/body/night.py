"""Make nights from their seed: the bytes of their replay files and of their truth files.

The body model takes nearly all of the time. So one run of it may serve several nights, with other
sensors, movements, partners and bottles. Such nights name their run, because they are not
independent of each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from random import Random
from typing import NamedTuple

from legwatch_lab.nights import files
from legwatch_lab.nights.body import ankle, cache, scenarios, sensors, wide
from legwatch_lab.nights.body.bed_air import air
from legwatch_lab.nights.body.movements import moves
from legwatch_lab.nights.body.sensors import SensorOptions
from legwatch_lab.nights.body.skin import SkinTemperatures, skin
from legwatch_lab.nights.body.truth import VERSION, truth
from legwatch_lab.nights.spans import HOUR_S

FIRST = datetime(2026, 1, 5, 21, tzinfo=UTC)  # nine in the evening, local time
CORPUS = "corpus"


class NightOrder(NamedTuple):
    """The parameters of a night; the same parameters give the same bytes."""

    seed: int
    number: int
    kind: str  # one of KINDS, or corpus
    zone: tzinfo
    asked: SensorOptions = SensorOptions()
    wide: bool = False  # with absences, and with counts and paces of other sensors
    before_h: float | None = None  # hours of empty bed before; None: drawn, 40-90 min
    per_run: int = 1  # nights that share a run of the body model
    ankle: bool = False  # with a second sensor, by the ankle

    @property
    def run(self) -> int:
        """Return the number of the night's run of the body model."""
        return self.number // self.per_run


@dataclass(frozen=True, slots=True)
class BodyNight:
    """A made night; `to_cache` is the content of its cache file, None if that exists."""

    name: str
    csv_gz: bytes
    truth: bytes
    cache: Path
    to_cache: bytes | None


def make(orders: Sequence[NightOrder]) -> list[BodyNight]:
    """Make the nights of one run; read its skin and air from the cache if they are there."""
    found: list[BodyNight] = []
    skin_c: SkinTemperatures | None = None
    for order in orders:
        night, skin_c = _night(order, skin_c)
        found.append(night)
    return found


def _night(
    order: NightOrder, skin_c: SkinTemperatures | None
) -> tuple[BodyNight, SkinTemperatures]:
    """Make a night; `skin_c` is that of its run, None if the run has not been made."""
    seed, number, zone = order.seed, order.number, order.zone
    kind = scenarios.drawn(seed, order.run) if order.kind == CORPUS else order.kind
    # Each part has its own random generator: a change of one part does not change the others.
    rngs = {
        part: Random(f"{seed}/{number}/{kind}/body/{part}")  # noqa: S311 - not for secrets
        for part in ("moves", "sensors", "reads", "habits", "counts", "ankle")
    }
    story = Random(f"{seed}/{order.run}/{kind}/body/story")  # noqa: S311 - not for secrets
    before_s = None if order.before_h is None else round(order.before_h * 60) * 60
    scenario = scenarios.scenario(kind, story, before_s=before_s, wide=order.wide)
    counts = wide.draw(rngs["counts"]) if order.wide else None
    if counts:
        scenario = wide.widened(scenario, story)
    first = number % order.per_run == 0
    if not first:
        scenario = wide.other_habits(scenario, rngs["habits"])
    moved = moves(scenario, rngs["moves"])
    path = cache.place(seed, number, kind, _more(order))
    known = cache.load(path) if first else None
    skin_c = known[0] if known else skin_c or skin(scenario)
    bed_air = known[1] if known else air(scenario, skin_c, moved.lifts)
    errors = sensors.draw(scenario, order.asked, rngs["sensors"])
    heard = wide.louder(moved, counts, rngs["counts"]) if counts else moved
    rows = sensors.rows(scenario, bed_air, heard, errors, rngs["reads"])
    begin = _begin(order)
    name = f"body-{seed}-{number + 1:04}-{kind}"
    truth_body = {"v": VERSION, "file": f"{name}.csv.gz", "name": name, "model": "body"}
    truth_body |= {"seed": seed, "number": number, "kind": kind}
    if order.per_run > 1:
        truth_body["run"] = f"body-{seed}-run-{order.run + 1:04}-{kind}"
    truth_body |= truth(
        scenario=scenario,
        skin=skin_c,
        air=bed_air,
        moved=moved,
        sensors=errors,
        begin=begin,
        zone=zone,
    )
    if order.ankle:
        more, truth_body["ankle"] = ankle.rows(scenario, skin_c, moved, errors, rngs["ankle"])
        rows = sorted([*rows, *more])
    if counts:
        rows = wide.paced(rows, counts)
        truth_body["counted"] = wide.told(counts)
    to_cache = cache.packed(skin_c, bed_air) if first and not known else None
    csv_gz = files.zipped(rows, begin, zone)
    return BodyNight(name, csv_gz, files.lines(truth_body), path, to_cache), skin_c


def _begin(order: NightOrder) -> datetime:
    """Return when the night begins, UTC: at nine, or earlier for a longer time before bed."""
    earlier_s = 0 if order.before_h is None else max(0, round(order.before_h * HOUR_S) - HOUR_S)
    local = FIRST + timedelta(days=order.number % 365, seconds=-earlier_s)
    return local.replace(tzinfo=order.zone).astimezone(UTC)


def _more(order: NightOrder) -> str:
    """Return what of the order changes skin or air, for the name of the cache file."""
    before = "" if order.before_h is None else f"-before-{order.before_h:g}"
    run = f"-run{order.per_run}" if order.per_run > 1 else ""  # it tells which run has the number
    return f"{'-wide' if order.wide else ''}{before}{run}"
