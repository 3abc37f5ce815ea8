"""Draw what a sound costs: uncoverings heard against sounds for nothing.

    .venv/bin/python lab/legwatch_lab/bench/cover_curve.py --seed N --work DIR --tree now=. \
        --out cover.png

It replays the nights of cover.py with other values of `warmth.change_sure`. Each curve is the mean
of both families, in one build of sensors.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FormatStrFormatter

from legwatch.errors import LegwatchError
from legwatch_lab.bench import corpus
from legwatch_lab.bench.corpus import BUILDS, Corpus
from legwatch_lab.bench.kept import heard_or_kept
from legwatch_lab.bench.markdown import table
from legwatch_lab.bench.simple_heard import simple_heard
from legwatch_lab.bench.told import Told, judged
from legwatch_runtime.process import cores

LIMIT = "warmth.change_sure"
VALUES = (0.6, 0.7, 0.8, 0.87, 0.93, 0.97, 0.995)
STANDARD = 0.93
# Okabe and Ito's colours: they look different to people with any kind of colour vision.
COLOURS = dict(zip(BUILDS, ("#D55E00", "#E69F00", "#0072B2"), strict=True))
SIMPLE = "#555555"
LEAST = 0.001  # a night: the axis is logarithmic
_SMALL: dict[str, Any] = {"textcoords": "offset points", "fontsize": 9, "ha": "right"}


class Point(NamedTuple):
    """What one value of the limit gives: uncoverings heard, and sounds for nothing a night."""

    value: float
    heard_pct: float
    nothing: float
    median_min: float


def main(argv: Sequence[str] | None = None) -> int:
    """Write the picture and print its figures; return 0, or 1 with a sentence."""
    args = _parser().parse_args(argv)
    nights = Corpus(args.seed, args.nights, args.work, cores())
    try:
        (tree,) = corpus.trees(args).values()
        curves = {build: list(_curve(nights, tree, build)) for build in BUILDS}
        simple = _point(0.0, [one for family in corpus.FAMILIES for one in _simple(nights, family)])
        draw(args.out, curves, simple, f"{2 * args.nights:,} made nights, seed {args.seed}")
    except LegwatchError as error:
        print(f"cover_curve: {error}", file=sys.stderr)
        return 1
    print("\n".join(_rows(curves, simple)))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    corpus.add_arguments(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.png")
    return parser


def _curve(nights: Corpus, tree: Path, build: str) -> Iterator[Point]:
    for value in VALUES:
        told: list[Told] = []
        for family in corpus.FAMILIES:
            known = nights.known(family)
            paths, words = nights.built(family, build, known), (f"--set={LIMIT}={value}",)
            what = f"{family}, {build}, {value}"
            said = heard_or_kept(tree, paths, nights.work, nights.jobs, what, words)
            told += (judged(truth, said[path.name]) for path, truth in known.items())
        yield _point(value, told)


def _simple(nights: Corpus, family: str) -> Iterator[Told]:
    known = nights.known(family)
    return (judged(truth, simple_heard(path, truth)) for path, truth in known.items())


def _point(value: float, told: Sequence[Told]) -> Point:
    outcomes = [one for night in told for one in night.sounds]
    minutes = sorted(one.delay_min for one in outcomes if one.delay_min is not None)
    nothing = sum(night.false_sounds + night.empty_sounds for night in told) / len(told)
    heard_pct = 100 * sum(one.caught for one in outcomes) / max(1, len(outcomes))
    median_min = minutes[len(minutes) // 2] if minutes else float("nan")
    return Point(value, heard_pct, nothing, median_min)


def draw(path: Path, curves: dict[str, list[Point]], simple: Point, nights: str) -> None:
    """Write the picture; raises OSError."""
    figure = Figure(figsize=(10, 6), dpi=110)
    FigureCanvasAgg(figure)
    axes: Axes = figure.subplots()
    for build, points in curves.items():
        _draw_curve(axes, build, points)
    axes.plot([simple.nothing], [simple.heard_pct], "X", color=SIMPLE, ms=10)
    axes.annotate("simple automation", (simple.nothing, simple.heard_pct), (-9, -14), **_SMALL)
    axes.set_xscale("log")
    least = min(at.nothing for points in curves.values() for at in points)
    axes.set_xlim(left=max(least, LEAST) / 3)
    axes.xaxis.set_major_formatter(FormatStrFormatter("%g"))
    axes.grid(color="#dddddd", lw=0.6, which="both")
    axes.set_xlabel("sounds for nothing a night: over a covered sleeper, or in an empty bed")
    axes.set_ylabel("uncoverings of 30 min or longer told with a sound, %")
    axes.legend(loc="lower right")
    title = f"How sure a sound must be ({LIMIT}), {nights}"
    figure.suptitle(title, x=0.08, ha="left", fontsize=11)
    figure.subplots_adjust(left=0.08, right=0.975, top=0.92, bottom=0.12)
    figure.savefig(path, format="png", dpi=110)


def _draw_curve(axes: Axes, build: str, points: Sequence[Point]) -> None:
    x, y = [at.nothing for at in points], [at.heard_pct for at in points]
    colour = COLOURS[build]
    axes.plot(x, y, "-o", color=colour, ms=5, label=build)
    standard = next(at for at in points if at.value == STANDARD)
    axes.plot([standard.nothing], [standard.heard_pct], "o", ms=14, mfc="none", mec=colour)
    for at in (points[0], standard, points[-1]):
        text = f"standard, {at.value:g}" if at is standard else f"{at.value:g}"
        if at is standard or at[1:3] != standard[1:3]:  # else one would hide the other
            axes.annotate(text, (at.nothing, at.heard_pct), (-10, 6), color=colour, **_SMALL)


def _rows(curves: dict[str, list[Point]], simple: Point) -> Iterator[str]:
    heads = ("heard", "sounds for nothing a night", "median to the sound")
    return table(
        ("build", f"`{LIMIT}`", *heads),
        [
            (build, f"{at.value:g}" if at.value else "-", *_cells(at))
            for build, points in (*curves.items(), ("simple automation", [simple]))
            for at in points
        ],
    )


def _cells(at: Point) -> tuple[str, str, str]:
    return f"{at.heard_pct:.1f} %", f"{at.nothing:.3f}", f"{at.median_min:.0f} min"


if __name__ == "__main__":
    raise SystemExit(main())
