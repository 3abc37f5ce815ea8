r"""Fit the two steps of the estimate of the cover to made nights.

    .venv/bin/legwatch nights make --model lumped --kind corpus --before-h 3 --seed 1 \
        --count 1000 --out n/l1
    .venv/bin/legwatch nights make --model body --kind corpus --wide --per-run 4 --before-h 3 \
        --seed 1 --count 1000 --out n/b1
    .venv/bin/python lab/legwatch_lab/fit/fit_cover.py n/l1 n/b1 --write

The first step is fitted to a part of all minutes of falls. It then says where signs stand in these
nights, and the second step is fitted to the minutes of the signs. With --write, both are written to
core/legwatch/conditions/cover_model.py. lab/legwatch_lab/bench/cover.py measures what comes of it.
"""

import argparse
import importlib
import math
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from legwatch.conditions import cover
from legwatch.conditions.cover import SinceFeatures
from legwatch.conditions.cover_features import LETTERS, UNKNOWN, CoverFeatures
from legwatch_lab.fit.cover_minutes import CoverNight, Minute, night
from legwatch_lab.fit.fit_displaced import STEADY, corpus, model_text
from legwatch_runtime.profiles import rules_for

FILE = Path(cover.__file__).with_name("cover_model.py")
OFF_SHAPE = {"max_iter": 100, "learning_rate": 0.1, "max_leaf_nodes": 16, "min_samples_leaf": 150}
BARE_SHAPE = {"max_iter": 120, "learning_rate": 0.1, "max_leaf_nodes": 16, "min_samples_leaf": 200}
RULES = rules_for("standard", {}, UTC)
# Of the minutes that the first step is fitted to, and of the nights with a fault of the second.
PART, FAULTY_PART, FAULTY_NIGHTS = 0.4, 0.2, 0.4
LONGEST_MIN = 150.0  # of a sign that the second step is fitted to
FIELDS = (*CoverFeatures._fields, *SinceFeatures._fields)
WIDTH = len(CoverFeatures._fields)
VARIES = 0.35  # of the logarithm of a size
SIZES = (
    *("bout_size", "bout_size_s", "onset_size", "before_size", "onset_ratio", "most_ratio"),
    *("begun_most_ratio", "begun_onset_size", "since_most_ratio"),
)


class Fitted(NamedTuple):
    """The models of both steps, and the medians of the features where the answer is no."""

    off: Any
    bare: Any
    not_off: Sequence[float]
    not_bare: Sequence[float]
    minutes: int


def main(argv: Sequence[str] | None = None) -> int:
    """Fit and write; return 0, or 1 after an error message."""
    args = _parser().parse_args(argv)
    if find_spec("sklearn") is None:
        print("scikit-learn is missing: pip install 'legwatch[fit]'", file=sys.stderr)
        return 1
    nights = [one for folder in args.nights for one in nights_of(folder, args.jobs)]
    if not nights:
        print("each folder must contain nights with their truth files", file=sys.stderr)
        return 1
    found = fits(nights)
    if args.write:
        FILE.write_text(written(found, len({one.truth.name for one in nights})), "utf-8")
        print(FILE)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("nights", type=Path, nargs="+", metavar="DIR", help="a folder of nights to fit to")
    add("--write", action="store_true", help="replace cover_model.py")
    add("--jobs", type=int, metavar="N", help="nights in parallel (default: one per core)")
    return parser


def nights_of(folder: Path, jobs: int | None) -> list[CoverNight]:
    """Read the nights of a folder in all builds."""
    found = corpus(folder, partial(night, rules=RULES), jobs)
    return [one for builds in found for one in builds]


def fits(nights: Sequence[CoverNight]) -> Fitted:
    """Fit both steps."""
    numpy = importlib.import_module("numpy")
    parts = [_part(one) for one in nights]
    rows = numpy.concatenate([table(one)[part] for one, part in zip(nights, parts, strict=True)])
    truth = [m.off for one, part in zip(nights, parts, strict=True) for m in _at(one, part)]
    print(f"fitting to {len(truth):,} minutes of falls", file=sys.stderr, flush=True)
    off = _fitted(rows, truth, OFF_SHAPE)
    not_off = numpy.median(rows[~numpy.array(truth)], axis=0).tolist()
    signs = [standing(one, off) for one in nights if not one.faulty or _taken(one)]
    rows = numpy.concatenate([_varied(found) for found, minutes in signs if minutes])
    bare_truth = [minute.bare for _, minutes in signs for minute in minutes]
    counts = [minute.counts for _, minutes in signs for minute in minutes]
    print(f"fitting to {len(bare_truth):,} minutes of signs", file=sys.stderr, flush=True)
    rows, bare_truth = rows[counts], numpy.array(bare_truth)[counts]
    bare = _fitted(rows, bare_truth, BARE_SHAPE)
    not_bare = numpy.median(rows[~bare_truth], axis=0).tolist()
    return Fitted(off, bare, not_off, not_bare, len(truth) + len(bare_truth))


def table(one: CoverNight) -> Any:
    """Return the features of a night's falls, a row each."""
    numpy = importlib.import_module("numpy")
    return numpy.frombuffer(one.features, dtype="f4").reshape(-1, WIDTH)


def _part(one: CoverNight) -> list[int]:
    """Return the rows that the first step is fitted to.

    Where the thermometer is not by the legs, a sign is welcome, too: it is neither true nor false.
    """
    rng = Random(f"{one.truth.name} {one.build}")  # noqa: S311 - not for secrets
    share = FAULTY_PART if one.faulty else PART
    kept = [m.row for m in one.minutes if m.row is not None and m.counts and not m.gone]
    return [row for row in kept if rng.random() < share]


def _varied(rows: Any) -> Any:
    """Vary the sizes of the bouts: a turn of a person is told in more sizes than a made one.

    A bout has the same change in each of its minutes.
    """
    numpy = importlib.import_module("numpy")
    found = rows.copy()
    for name in SIZES:
        place = FIELDS.index(name)
        for value in numpy.unique(rows[:, place]):
            change = Random(f"{name} {value}").gauss(0.0, VARIES)  # noqa: S311 - not for secrets
            same = rows[:, place] == value
            if name.endswith("ratio"):
                found[same, place] = value * math.exp(change)
            elif value != UNKNOWN:
                found[same, place] = value + change
    return found


def _taken(one: CoverNight) -> bool:
    """Return True for a night with a fault that the second step is fitted to."""
    return Random(one.truth.name).random() < FAULTY_NIGHTS  # noqa: S311 - not for secrets


def _at(one: CoverNight, rows: Sequence[int]) -> list[Minute]:
    by_row = {minute.row: minute for minute in one.minutes}
    return [by_row[row] for row in rows]


def standing(one: CoverNight, off: Any) -> tuple[Any, list[Minute]]:
    """Return the features of the minutes in which a sign stands, and these minutes."""
    numpy = importlib.import_module("numpy")
    rows = table(one)
    likely = off.predict_proba(rows)[:, 1].tolist() if len(rows) else []
    found, minutes = [], []
    for minute, since in _signs(one, rows, likely):
        found.append((*rows[minute.row], *since))
        minutes.append(minute)
    width = WIDTH + len(SinceFeatures._fields)
    return numpy.array(found, dtype="f4").reshape(-1, width), minutes


def _signs(
    one: CoverNight, rows: Any, likely: Sequence[float]
) -> Iterator[tuple[Minute, SinceFeatures]]:
    now = cover.NOTHING
    for minute in one.minutes:
        if minute.row is None:
            now = cover.calm(now, minute.moved_s, minute.at_ms)
            continue
        seen = CoverFeatures._make(rows[minute.row].tolist())
        now = cover.sign(now, seen, likely[minute.row], minute.moved_s, minute.at_ms)
        if now.begun is None:
            continue
        since = cover.since_features(now.begun, seen, now.off or 0.0, minute.at_ms)
        if since.sign_min <= LONGEST_MIN:
            yield minute, since


def _fitted(rows: Any, truth: Any, shape: dict[str, float]) -> Any:
    ensemble: Any = importlib.import_module("sklearn.ensemble")
    model = ensemble.HistGradientBoostingClassifier(**shape, **STEADY, early_stopping=False)
    return model.fit(rows, truth)


def written(found: Fitted, nights: int) -> str:
    """Return the file with both models."""
    return (
        '"""The decision trees of two classifiers: the cover is off or nobody lies there, and bare'
        " legs do.\n\n"
        "lab/legwatch_lab/fit/fit_cover.py has written this file: do not edit it. "
        "scikit-learn has fitted the\n"
        f"trees to {found.minutes:,} minutes of {nights:,} made nights of two families.\n"
        "classifier.py explains the lines and evaluates them. `NOT_OFF` and `NOT_BARE` are the"
        " medians of\nthe features where the answer is no.\n"
        '"""\n\n# ruff: noqa: E501\n'
        + model_text("OFF", found.off, LETTERS)
        + model_text("BARE", found.bare, LETTERS)
        + f"\nNOT_OFF = ({_numbers(found.not_off)})\n"
        + f"NOT_BARE = ({_numbers(found.not_bare)})\n"
    )


def _numbers(values: Sequence[float]) -> str:
    return ", ".join(str(round(value, 2)) for value in values)


if __name__ == "__main__":
    raise SystemExit(main())
