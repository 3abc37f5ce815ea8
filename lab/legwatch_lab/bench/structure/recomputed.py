"""How often each derived value is computed in one judged minute, on the golden nights.

A judged minute is one call of `bed.minute`, with the `engine.view` that the server publishes of it.
A derived value is what a function, method or property of core/legwatch returns that takes a part of
the bed's memory: a NamedTuple of the core that is no limit, event or alert. So a helper that takes
only numbers counts nothing; nor do the functions of alerting, since two alerts may be equal.

A value is computed again if the same function is called with equal arguments in the same minute.
Computations of a value: the calls of a function / its different calls, minute by minute. 1 is best.
The highest figure is taken over the functions that at least 1 % of the minutes need.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from legwatch_lab.bench.structure import minute_probe
from legwatch_lab.bench.structure.tree import PARTS, Figure

SELDOM = 0.01  # different calls a minute
NIGHTS = "tests/nights"


class Computed(NamedTuple):
    """One function: its calls in all judged minutes, and those that differed in their minute."""

    name: str
    calls: int
    different: int

    @property
    def times(self) -> float:
        """Return how often each of its values was computed."""
        return self.calls / self.different


def recomputed(root: Path) -> tuple[Figure, ...]:
    """Replay the golden nights of a checkout; return the highest figure, and all repeats."""
    highest, repeats = (
        "computations of a value in its minute",
        "  repeated, all functions, a minute",
    )
    printed = _probe(root) if any((root / NIGHTS).glob("*.csv.gz")) else ""
    if not printed:
        return Figure(highest, "-"), Figure(repeats, "-")
    counts = json.loads(printed)
    minutes = counts["minutes"]
    every = [Computed(name, *calls) for name, calls in counts["functions"].items()]
    needed = [one for one in every if one.different >= SELDOM * minutes]
    again = sorted((one for one in needed if one.calls > one.different), key=_by_times)
    places = tuple(
        f"{one.times:.2f} {one.name}, {one.calls / minutes:.2f} a minute" for one in again
    )
    worst = max((one.times for one in needed), default=0.0)
    repeated = sum(one.calls - one.different for one in every)
    return Figure(highest, f"{worst:.2f}", places), Figure(repeats, f"{repeated / minutes:.2f}")


def _by_times(one: Computed) -> float:
    return -one.times


def _probe(root: Path) -> str:
    """Run the probe with the tree's own packages; return its JSON, or "" if the tree fails."""
    packages = os.pathsep.join(str(root / part) for part in PARTS)
    ran = subprocess.run(  # noqa: S603 - our own Python and file
        [sys.executable, "-P", minute_probe.__file__, str(root)],
        env={**os.environ, "PYTHONPATH": packages},
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        why = ran.stderr.strip().rpartition("\n")[2]
        print(f"{root}: the golden nights cannot be replayed: {why}", file=sys.stderr)
        return ""
    return ran.stdout
