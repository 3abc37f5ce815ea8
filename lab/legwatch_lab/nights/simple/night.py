"""Make one night from its seed: the lines of its replay file, and the truth."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from random import Random
from typing import Any

from legwatch_lab.nights.simple.air import climate
from legwatch_lab.nights.simple.movements import movements, turns
from legwatch_lab.nights.simple.scenarios import plan
from legwatch_lab.nights.simple.sensors import rows
from legwatch_lab.nights.simple.truth import truth

FIRST = datetime(2026, 1, 5, 22, tzinfo=UTC)  # made nights begin at ten in the evening, local time


@dataclass(frozen=True, slots=True)
class SimpleNight:
    """A made night; `lines` are its replay file."""

    name: str
    lines: list[str]
    truth: dict[str, Any]


def make(seed: int, number: int, kind: str, zone: tzinfo) -> SimpleNight:
    """Make the night `number` (0, 1 ...) of a seed; the same arguments give the same night."""
    # Each part has its own random generator: a change of one part does not change the others.
    parts = ("plan", "air", "body", "sensors")
    rngs = [Random(f"{seed}/{number}/{kind}/{part}") for part in parts]  # noqa: S311 - not for secrets
    night = plan(kind, rngs[0])
    air = climate(night, rngs[1])
    turned = turns(night, rngs[2])
    moved = movements(night, turned, rngs[2])
    begin = (FIRST + timedelta(days=number)).replace(tzinfo=zone).astimezone(UTC)
    lines = ["time,channel,value"]
    last_s, when = -1, ""
    for row in rows(night, air, moved, rngs[3]):
        if row.at_s != last_s:
            last_s = row.at_s
            moment = (begin + timedelta(seconds=last_s)).astimezone(zone)
            when = moment.isoformat(timespec="seconds")
        lines.append(f"{when},{row.channel},{row.value}")
    truth_body = {"seed": seed, "number": number}
    truth_body |= truth(night, air, turned, begin, zone)
    return SimpleNight(f"night-{seed}-{number + 1:03}-{kind}", lines, truth_body)
