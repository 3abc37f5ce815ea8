"""Compare what checkouts tell of the cover with what is asked, on two families of made nights.

    .venv/bin/python lab/legwatch_lab/bench/cover.py --seed N --work DIR --tree NAME=DIR

It prints a page, in three builds of sensors. Each checkout replays the nights with its own rules;
the truth beside a night judges what it said. Nights with a faulty sensor are left out. What was
said is kept in DIR, and a run that was interrupted goes on from there.
"""

import argparse
import math
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from legwatch.errors import LegwatchError
from legwatch_lab.bench import corpus, feet
from legwatch_lab.bench.asked import ASKED, VERDICTS, Asked
from legwatch_lab.bench.corpus import ANKLES, BUILDS, Corpus
from legwatch_lab.bench.kept import heard_or_kept
from legwatch_lab.bench.markdown import table
from legwatch_lab.bench.simple_heard import simple_heard
from legwatch_lab.bench.told import Told, absences, brief_uncoverings, judged
from legwatch_lab.bench.trees import Heard
from legwatch_lab.score.command import positive
from legwatch_lab.score.interval import Estimate
from legwatch_lab.truth import NightTruth
from legwatch_runtime.process import cores

PAGE = """# What is told of the cover, and what is asked

Nights of two models that share nothing but the form of their files: `body` (the body model, with
`--wide`) and `lumped` (a network of heat capacities). All begin with three hours of empty bed. Each
checkout replays the same nights with its own rules, and the truth beside a night judges what it
said. Such nights say nothing of people.

Each figure has its 95 % interval: of Wilson for shares, by ranks for medians and 90th percentiles
(P90), of Poisson for what happens so often a night, widened where it comes in clumps, and by the
rule of three for what never happened. *Met*: the figure meets the goal. *Missed*: the whole
interval lies beyond it. Else *not decided*. The worse family stands first, in bold, and its verdict
is that of the measure: a miss of one family is no better for the other.

- *First sign*: an early sign on cold, or a cold alert, with or without a sound. What is only
  written down (level `log`) is none.
- 1, 2, 4, 5: uncoverings of legs for 30 min or longer that count, as `legwatch score --help`
  defines it. They are caught by what is told while they last, or by an alert that stands already
  and, for 4, has sounded. The minutes run from the uncovering, and only for what is caught and not
  told before.
- 3: first signs while somebody lies there, has done so for 10 min, and has had no leg or foot bare
  in these 10 min. Where the skin of a leg or foot was below 30 °C in them, a sign is not false; the
  last row counts those, too. False signs within an hour are one.
- 6: cold alerts with a sound that were false both when they began and when they were first heard,
  with somebody in bed then, who may just have come back; true is as in 3. The next row counts those
  over cold skin, too.
- 7: all sounds of any kind and sensor while nobody is in bed, from the begin of the recording to
  its end.
- 8: nights with a sound on cold from 8 to 60 min after the end of an uncovering of any length, with
  the cover back, in the same stay, whatever the skin. Where all uncoverings are long, as the table
  below shows, most have sounded before: nights with short ones have more late sounds.
- 9: of the uncoverings of legs after which the cover stays for 30 min or longer, and at whose end a
  cold alert stood, with or without a sound: the minutes until the engine says that the alert is
  over or that it is warming (`resolved`, or `warming` as the change or its reason), or until its
  last sound on cold in the hour after, if that is later. Until then it may raise, repeat or have
  the next person told. Where it says nothing, the minutes end with the covered time.
- 10: times in bed of 4 h or longer without a turn; a twitch or another's movement is no turn,
  although the sensor may count it. They are told if a still alert begins or sounds within 10 min of
  their fourth hour. An alert is for nothing if the last turn was less than nine tenths of 4 h
  before.

A replay has no people: whom the server tells next is no sound here.

- 11: the same of feet that are bare alone, in nights of their own, beside a leg sensor at calf or
  thigh and a second sensor by the ankle. Its false signs are those of 3, in the nights of the first
  table with such a sensor, beside the same without it.
"""
COUNTS = (
    "family",
    "nights",
    "uncoverings that count",
    "shorter than 30 min, a night",
    "absences of 15 to 90 min, a night",
    "4 h without a turn",
)

NOTHING = Heard((), ())


class Pair(NamedTuple):
    """What one measure is in one family."""

    family: str
    found: Estimate
    verdict: str


def main(argv: Sequence[str] | None = None) -> int:
    """Print the page; return 0, or 1 with a sentence."""
    args = _parser().parse_args(argv)
    try:
        print("\n".join(_lines(args)))
    except LegwatchError as error:
        print(f"cover: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    corpus.add_arguments(parser)
    parser.add_argument("--jobs", type=positive, metavar="N", default=cores(), help="at once")
    words = "judge a foot alone, too, beside a sensor by the ankle: makes twice as many nights more"
    parser.add_argument("--ankle", action="store_true", help=words)
    words = "judge the simple automation of `legwatch score`, too: it asks two sensors only"
    parser.add_argument("--simple", action="store_true", help=words)
    return parser


def _lines(args: argparse.Namespace) -> Iterator[str]:
    nights = Corpus(args.seed, args.nights, args.work, args.jobs)
    print(f"{args.nights} nights of each family", file=sys.stderr, flush=True)
    known = {family: nights.known(family) for family in corpus.FAMILIES}
    files = {
        (family, build): nights.built(family, build, there)
        for family, there in known.items()
        for build in BUILDS
    }
    parts = []
    for name, tree in corpus.trees(args).items():
        told = {
            (family, build): _told(known[family], tree, paths, args, f"{name}: {family}, {build}")
            for (family, build), paths in files.items()
        }
        parts += ["", f"## {name}", "", *table(("measure", "goal", *BUILDS), rows(told))]
        if args.ankle:
            parts += ["", *table(("measure", "goal", *ANKLES), _of_feet(nights, name, tree, args))]
    if args.simple:
        parts += ["", "## simple automation", "", *_simple_rows(known)]
    yield PAGE
    yield f"Seed {args.seed}. Asked for are 0.75 absences of 15 to 90 min a night."
    yield ""
    yield from table(COUNTS, [_counts(family, there) for family, there in known.items()])
    yield from parts


def _simple_rows(known: Mapping[str, Mapping[Path, NightTruth]]) -> Iterator[str]:
    asked = tuple(BUILDS)[:1]
    told = {
        (family, build): [judged(truth, simple_heard(path, truth)) for path, truth in there.items()]
        for family, there in known.items()
        for build in asked
    }
    return table(("measure", "goal", *asked), rows(told, builds=asked))


def _told(
    known: Mapping[Path, NightTruth],
    tree: Path,
    paths: Sequence[Path],
    args: argparse.Namespace,
    what: str,
    *,
    feet: bool = False,
) -> list[Told]:
    said = heard_or_kept(tree, paths, args.work, args.jobs, what)
    return [judged(truth, said[path.name], feet=feet) for path, truth in known.items()]


def _of_feet(
    nights: Corpus, name: str, tree: Path, args: argparse.Namespace
) -> Iterator[tuple[str, ...]]:
    def tell(
        known: Mapping[Path, NightTruth], paths: Sequence[Path], what: str, *, of_feet: bool
    ) -> list[Told]:
        return _told(known, tree, paths, args, f"{name}: {what}", feet=of_feet)

    for asked, found in feet.told(nights, tell):
        yield from rows(found, asked, tuple(ANKLES))


def _counts(family: str, known: Mapping[Path, NightTruth]) -> tuple[str, ...]:
    silent = [judged(truth, NOTHING) for truth in known.values()]
    up = sum(map(absences, known.values())) / max(1, len(known))
    brief = sum(map(brief_uncoverings, known.values())) / max(1, len(known))
    bare = sum(len(night.signs) for night in silent)
    still = sum(len(night.stills) for night in silent)
    return family, str(len(known)), str(bare), f"{brief:.2f}", f"{up:.2f}", str(still)


def rows(
    told: Mapping[tuple[str, str], Sequence[Told]],
    measures: Sequence[Asked] = ASKED,
    builds: Sequence[str] = tuple(BUILDS),
) -> Iterator[tuple[str, ...]]:
    """Yield a row for each measure, with a cell for each build."""
    families = dict.fromkeys(family for family, _ in told)
    for asked in measures:
        cells = []
        for place, build in enumerate(builds):
            found = [(name, asked.estimate(told[name, build])) for name in families]
            pairs = [
                Pair(*one, asked.verdict(one[1], place) if asked.goals else "") for one in found
            ]
            cells.append(cell(asked, pairs))
        yield asked.label, _goal(asked), *cells


def cell(asked: Asked, pairs: Iterable[Pair]) -> str:
    """Return the verdict of the worse family, and the figures of both."""
    order = ("", *VERDICTS)
    first, *others = sorted(
        pairs, key=lambda pair: (order.index(pair.verdict), -asked.badness(pair.found))
    )
    verdict = f"{first.verdict}: " if first.verdict else ""
    rest = "".join(f"; {_figure(asked, pair)}" for pair in others)
    return f"{verdict}**{_figure(asked, first)}**{rest}"


def _figure(asked: Asked, pair: Pair) -> str:
    value, low, high, _ = pair.found
    if value is None or low is None or high is None:
        return f"{pair.family} -"
    digits = 4 if asked.unit == "a night" else 1
    above = "or more" if math.isinf(high) else f"to {high:.{digits}f}"
    return f"{pair.family} {value:.{digits}f} ({low:.{digits}f} {above})"


def _goal(asked: Asked) -> str:
    if not asked.goals:
        return "-"
    sign = "≥" if asked.least else "≤"
    return f"{sign} {' / '.join(f'{goal:g}' for goal in asked.goals)} {asked.unit}"


if __name__ == "__main__":
    raise SystemExit(main())
