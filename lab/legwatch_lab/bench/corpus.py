"""Nights of both families, in the builds of sensors that people have, and made once."""

import argparse
import sys
from collections.abc import Iterable
from contextlib import redirect_stdout
from pathlib import Path
from typing import NamedTuple

from legwatch_lab.bench.trees import reduced
from legwatch_lab.nights.command import main as nights_command
from legwatch_lab.score.command import positive
from legwatch_lab.score.folder import truths
from legwatch_lab.truth import SUFFIX, NightTruth, read

FAMILIES = {"body": ("--wide",), "lumped": ()}
ROOM = ("room_temperature_c", "room_humidity_pct")
BUILDS = {
    "leg + movement": ("in_bed", *ROOM),
    "+ room": ("in_bed",),
    "+ mat": (),
}
ANKLE = ("ankle_temperature_c", "ankle_humidity_pct")
ANKLES = {"leg + movement + ankle": ("in_bed", *ROOM), "without it": ("in_bed", *ROOM, *ANKLE)}
CORPUS = "corpus"


class Corpus(NamedTuple):
    """As many nights of each family, of one seed, in a folder."""

    seed: int
    nights: int
    work: Path
    jobs: int | None = None
    kind: str = CORPUS
    ankle: bool = False  # with a second sensor, by the ankle

    def known(self, family: str) -> dict[Path, NightTruth]:
        """Return the nights of a family without a faulty sensor, each with its truth."""
        folder = self.work / self._name(family)
        if len(list(folder.glob(f"*{SUFFIX}"))) < self.nights:
            self._produce(family, folder)
        found = [truth for path in truths([folder]) if (truth := read(path)) is not None]
        return {folder / truth.file: truth for truth in found if not truth.faults}

    def built(self, family: str, build: str, known: Iterable[Path]) -> list[Path]:
        """Return these nights of a family as the sensors of a build record them."""
        without = (BUILDS | ANKLES)[build]
        folder = self.work / f"{self._name(family)}-without-{'-'.join(without) or 'nothing'}"
        return reduced(known, without, folder)

    def _name(self, family: str) -> str:
        kind = "" if self.kind == CORPUS else f"-{self.kind}"
        return f"{family}{kind}-{self.seed}-{self.nights}{'-ankle' if self.ankle else ''}"

    def _produce(self, family: str, folder: Path) -> None:
        kind = f"--kind={self.kind}"
        words = ["make", f"--model={family}", kind, "--before-h=3", *FAMILIES[family]]
        words += ["--ankle"] if self.ankle else []
        words += [f"--seed={self.seed}", f"--count={self.nights}", f"--out={folder}"]
        words += [f"--jobs={self.jobs}"] if self.jobs else []
        with redirect_stdout(sys.stderr):  # the page stands on the standard output
            nights_command(words)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what every comparison of checkouts on such nights asks for."""
    add = parser.add_argument
    add("--seed", type=int, required=True, help="a seed that was not used for tuning")
    add("--nights", type=positive, default=80, metavar="N", help="of each family (default: 80)")
    add("--work", type=Path, required=True, metavar="DIR", help="folder for the nights")
    add(
        "--tree",
        action="append",
        required=True,
        metavar="NAME=DIR",
        help="a checkout whose rules replay the nights; repeat the option for more",
    )


def trees(args: argparse.Namespace) -> dict[str, Path]:
    """Return the checkouts that `--tree` names."""
    return {name: Path(path) for name, path in (word.split("=", 1) for word in args.tree)}
