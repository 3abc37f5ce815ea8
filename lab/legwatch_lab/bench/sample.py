"""A summary of a folder of made nights, from their truth files."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple


class Spread(NamedTuple):
    """Minimum, median and maximum."""

    low: float
    middle: float
    high: float


class NightsSample(NamedTuple):
    """A summary of made nights; a number counts nights unless its comment says otherwise."""

    nights: int
    kinds: Mapping[str, int]
    women: int
    age: Spread
    aged_65_to_80: int
    height_m: Spread
    weight_kg: Spread
    bedding: Mapping[str, int]
    room_c: Spread  # of the median of each night
    in_bed_h: float  # of all nights together
    bare: Mapping[str, int]  # times by what was uncovered
    movement: Mapping[str, int]
    lag_min: Spread  # of the leg sensor, without the kind slow_leg
    offset_c: Spread  # of the leg sensor


def sample(folder: Path) -> NightsSample:
    """Read all truth files of a folder."""
    truths = [json.loads(path.read_text()) for path in sorted(folder.glob("*.truth.json"))]
    people = [night["person"] for night in truths]
    ages = [person["age"] for person in people]
    return NightsSample(
        nights=len(truths),
        kinds=Counter(night["kind"] for night in truths),
        women=sum(person["sex"] == "female" for person in people),
        age=spread(ages),
        aged_65_to_80=sum(65 <= age <= 80 for age in ages),
        height_m=spread(person["height_m"] for person in people),
        weight_kg=spread(person["weight_kg"] for person in people),
        bedding=Counter(night["bedding"] for night in truths),
        room_c=spread(median(night["room"]["room_c"]) for night in truths),
        in_bed_h=sum(map(_hours, truths)),
        bare=Counter(span["what"] for night in truths for span in night["uncovered"]),
        movement=Counter(night["movement"] for night in truths),
        lag_min=spread(
            night["sensor"]["lag_s"] / 60 for night in truths if night["kind"] != "slow_leg"
        ),
        offset_c=spread(night["sensor"]["leg_offset_c"] for night in truths),
    )


def spread(values: Iterable[float]) -> Spread:
    """Return minimum, median and maximum."""
    ordered = sorted(values)
    return Spread(ordered[0], median(ordered), ordered[-1])


def _hours(night: Mapping[str, Any]) -> float:
    stays = [[datetime.fromisoformat(text) for text in stay] for stay in night["in_bed"]]
    return sum((end - begin).total_seconds() for begin, end in stays) / 3600
