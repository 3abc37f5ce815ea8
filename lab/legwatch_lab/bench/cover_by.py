"""Show in which nights the estimate of the cover is better or worse, and by how much.

    .venv/bin/python lab/legwatch_lab/bench/cover_by.py --seed N --work DIR --tree now=.

It sorts the nights of cover.py by what they have in common: the person, the room, the kind of night
and the sensors. What was said is kept in DIR, so that after cover.py it takes seconds.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from legwatch.errors import LegwatchError
from legwatch_lab.bench import corpus
from legwatch_lab.bench.asked import ASKED, VERDICTS, Asked
from legwatch_lab.bench.corpus import BUILDS, Corpus
from legwatch_lab.bench.kept import heard_or_kept
from legwatch_lab.bench.markdown import table
from legwatch_lab.bench.told import Told, judged
from legwatch_lab.truth import SUFFIX, NightTruth
from legwatch_runtime.process import cores

SHOWN = (
    *("1 caught by the first sign", "2 to the first sign, median", "2 to the first sign, P90"),
    *("3 false first signs", "4 caught with a sound", "5 to the sound, median"),
    *("6 false audible cold alerts", "7 sounds in an empty bed"),
)
MEASURES = tuple(one for one in ASKED if one.label in SHOWN)
OLD_AGE = 65.0
ROOMS_C = (14.0, 18.0, 22.0, 26.0)
LAGS_S = (60.0, 120.0, 240.0)
FEWEST = 15  # nights of a row

Groups = Mapping[str, Sequence[Told]]


def main(argv: Sequence[str] | None = None) -> int:
    """Print a table for each family; return 0, or 1 with a sentence."""
    args = _parser().parse_args(argv)
    try:
        print("\n".join(_lines(args)))
    except LegwatchError as error:
        print(f"cover_by: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    corpus.add_arguments(parser)
    parser.add_argument("--build", choices=tuple(BUILDS), default=next(iter(BUILDS)))
    return parser


def _lines(args: argparse.Namespace) -> Iterator[str]:
    nights = Corpus(args.seed, args.nights, args.work, cores())
    (tree,) = corpus.trees(args).values()
    yield f"Seed {args.seed}, {args.build}. In bold: the whole interval lies beyond the goal."
    for family in corpus.FAMILIES:
        known = nights.known(family)
        paths = nights.built(family, args.build, known)
        said = heard_or_kept(tree, paths, args.work, cores(), family)
        told = {path: judged(truth, said[path.name]) for path, truth in known.items()}
        yield from ("", f"### {family}", "")
        heads = ("nights with", "nights", "uncoverings", *(one.label for one in MEASURES))
        yield from table(heads, rows(grouped(known, told), tuple(BUILDS).index(args.build)))


def grouped(known: Mapping[Path, NightTruth], told: Mapping[Path, Told]) -> Groups:
    """Return the nights by what they have in common; one night is in several groups."""
    groups: dict[str, list[Told]] = {}
    for path, truth in known.items():
        record = json.loads((path.parent / f"{truth.name}{SUFFIX}").read_text(encoding="utf-8"))
        for name in traits(truth, record):
            groups.setdefault(name, []).append(told[path])
    return dict(sorted(groups.items(), key=lambda one: (not one[0].startswith("all"), one[0])))


def traits(truth: NightTruth, record: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a night has, such as "movement sensor: deaf"."""
    yield "all nights"
    yield f"age: {f'from {OLD_AGE:g}' if truth.age >= OLD_AGE else f'under {OLD_AGE:g}'}"
    yield f"kind: {truth.kind}"
    yield f"movement sensor: {truth.movement}"
    yield f"room: {_band(median(truth.room.values), ROOMS_C)} °C"
    sensor = record.get("sensor", {})
    if record.get("place"):
        yield f"leg sensor by the {record['place']}"
    if "lag_s" in sensor:
        yield f"lag of the leg sensor: {_band(sensor['lag_s'], LAGS_S)} s"
    if "pace_s" in sensor:
        yield f"a reading each {sensor['pace_s']:02} s"
    if isinstance(sensor.get("leg"), dict):
        yield f"leg sensor: {sensor['leg'].get('kind')}"


def _band(value: float, edges: Sequence[float]) -> str:
    """Return the edges between which a value lies."""
    below = [edge for edge in edges if edge <= value]
    above = [edge for edge in edges if edge > value]
    if not below:
        return f"under {above[0]:g}"
    return f"{below[-1]:g} to {above[0]:g}" if above else f"from {below[-1]:g}"


def rows(groups: Groups, build: int) -> Iterator[tuple[str, ...]]:
    """Yield a row for each group of enough nights; `build`: the place of its goals."""
    for name, nights in groups.items():
        if len(nights) < FEWEST:
            continue
        bare = str(sum(len(night.signs) for night in nights))
        yield (name, str(len(nights)), bare, *(_cell(one, nights, build) for one in MEASURES))


def _cell(asked: Asked, nights: Sequence[Told], build: int) -> str:
    found = asked.estimate(nights)
    if found.value is None:
        return "-"
    figure = f"{found.value:.3f}" if asked.unit == "a night" else f"{found.value:.1f}"
    return f"**{figure}**" if asked.verdict(found, build) == VERDICTS[0] else figure


if __name__ == "__main__":
    raise SystemExit(main())
