"""What is said in a case: a recorded or made night with one fault, kept outside the repository."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from legwatch_lab.faults.judge import Said, read
from legwatch_lab.faults.player import Order, said
from legwatch_runtime.replay_file import opened
from repository import REPO

# Beside the checkout, or beside the folder of several ones.
FOLDERS = [folder / "shared" / "cases" for folder in (REPO.parent, REPO.parent.parent)]
BEDTIME = datetime(2026, 1, 10, 21, 30, tzinfo=UTC)  # minute 0 of the nights in faults/


class Heard(NamedTuple):
    """The notices of a night that people get; times are minutes after its bedtime."""

    notices: tuple[tuple[float, Said], ...]

    def of(
        self, kind: str, what: str = "", *, between: tuple[float, float] = (-600, 900)
    ) -> list[tuple[float, Said]]:
        """Return the notices of a kind in a time; `speaks`: those that say that an alert fires."""
        words = ("fired", "raised", "repeated") if what == "speaks" else (what,)
        low, high = between
        return [
            (at, one)
            for at, one in self.notices
            if one.kind == kind and low <= at <= high and (not what or one.what in words)
        ]

    def told(self, about: str, between: tuple[float, float]) -> bool:
        """Return True if a sensor of this name is told in a time."""
        return any(one.about == about for _, one in self.of("sensor", "speaks", between=between))

    def caught(self, from_min: float, to_min: float) -> bool:
        """Return True if cold legs are told in a time."""
        return bool(self.of("cold", "speaks", between=(from_min, to_min)))

    def urgent(self, kind: str, between: tuple[float, float] = (-600, 900)) -> bool:
        """Return True if an urgent alert of a kind sounds in a time."""
        speaking = self.of(kind, "speaks", between=between)
        return any(one.level == "urgent" and one.sounds for _, one in speaking)


def lines_of(name: str) -> list[str]:
    """Return the lines of a case; skip the test where it is not on this machine."""
    for folder in FOLDERS:
        path = folder / name
        if path.exists():
            return list(_lines(path))
    pytest.skip(f"the case {name} is not on this machine")


def heard(name: str) -> Heard:
    """Return what is said in a night of faults/."""
    lines = lines_of(f"faults/{name}.csv.gz")
    return in_lines(lines, BEDTIME)


def in_lines(lines: Sequence[str], bedtime: datetime) -> Heard:
    """Return what is said in a night of these lines."""
    zero_s = bedtime.timestamp()
    found = [read(one) for one in said(Order(tuple(lines), (), 0))]
    told = [one for one in found if one.pushed]
    return Heard(tuple(((one.at_ms / 1000 - zero_s) / 60, one) for one in told))


@cache
def _lines(path: Path) -> tuple[str, ...]:
    with opened(path) as lines:
        return tuple(lines)
