"""Make one lumped night from its seed: the bytes of its replay file and of its truth file."""

from datetime import UTC, datetime, timedelta, tzinfo
from random import Random
from typing import NamedTuple

from legwatch_lab.nights import files
from legwatch_lab.nights.lumped import ankle, bedroom, heat, kinds, motion, sensors
from legwatch_lab.nights.lumped.truth import truth

FIRST = datetime(2026, 1, 5, tzinfo=UTC)  # the day of the first night
VERSION = 2


class LumpedOrder(NamedTuple):
    """The parameters of a night; the same parameters give the same bytes."""

    seed: int
    number: int
    kind: str  # one of KINDS, or corpus
    zone: tzinfo
    before_h: float | None = None  # hours of empty bed before; None: drawn, 40-120 min
    ankle: bool = False  # with a second sensor, by the ankle


def run(order: LumpedOrder) -> list[files.MadeNight]:
    """Make the one night of a run."""
    return [make(order)]


def make(order: LumpedOrder) -> files.MadeNight:
    """Make a night."""
    seed, number, zone = order.seed, order.number, order.zone
    kind = kinds.drawn(seed, number) if order.kind == kinds.CORPUS else order.kind
    # Each part has its own random generator: a change of one part does not change the others.
    rngs = {
        part: _random(order, kind, part)
        for part in ("night", "moves", "bed", "sensors", "reads", "ankle")
    }
    night = kinds.night(kind, rngs["night"], order.before_h)
    moved = motion.moves(night, rngs["moves"])
    room = bedroom.course(night.room, night.begin_h, night.length_s)
    raised = motion.lifts(moved, rngs["moves"])
    air = heat.flow(night, room, moved, raised, rngs["bed"])
    mine = sensors.draw(rngs["sensors"])
    day = FIRST + timedelta(days=number % 365, minutes=round(60 * night.begin_h))
    begin = day.replace(tzinfo=zone).astimezone(UTC)
    name = f"lumped-{seed}-{number + 1:04}-{kind}"
    body = {"v": VERSION, "file": f"{name}.csv.gz", "name": name, "model": "lumped"}
    body |= {"seed": seed, "number": number, "kind": kind}
    body |= truth(
        night=night,
        air=air,
        room=room,
        turns=motion.turns(night, moved),
        sensors=mine,
        begin=begin,
        zone=zone,
    )
    rows = sensors.readings(night, air, room, moved, mine, rngs["reads"])
    if order.ankle:
        bed = _random(order, kind, "bed")
        more, body["ankle"] = ankle.readings(night, room, moved, raised, mine, bed, rngs["ankle"])
        rows = sorted([*rows, *more])
    return files.MadeNight(name, files.zipped(rows, begin, zone), files.lines(body))


def _random(order: LumpedOrder, kind: str, part: str) -> Random:
    return Random(f"{order.seed}/{order.number}/{kind}/lumped/{part}")  # noqa: S311 - not for secrets
