r"""Fit the classifiers of who lies there to made nights, and test them on nights left out.

    .venv/bin/legwatch nights make --model lumped --before-h 3 --seed 1 --count 700 --out n/l1
    .venv/bin/legwatch nights make --model body --wide --per-run 4 --before-h 3 --seed 2 \
        --count 500 --out n/b1
    .venv/bin/python lab/legwatch_lab/fit/fit_lying.py n/l1 n/b1 --test n/l2 --test n/b2 --write

The folders of nights are fitted to, those of --test judge the fit: a table for each says how many
uncoverings are caught, after how long, and what would be told of covered sleepers and empty beds.
With --write, the classifiers are written to core/legwatch/conditions/lying_model.py.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from legwatch.conditions import lying
from legwatch.conditions.lying_features import LETTERS
from legwatch_lab.fit.features import MINUTE_MS
from legwatch_lab.fit.fit_displaced import corpus, fitted, model_text
from legwatch_lab.fit.lying_minutes import LyingMinute, LyingNight, night
from legwatch_lab.score.cold import is_truly_cold, uncovering_outcomes
from legwatch_runtime.profiles import rules_for

FILE = Path(lying.__file__).with_name("lying_model.py")
SHAPE = {"max_iter": 100, "learning_rate": 0.1, "max_leaf_nodes": 16, "min_samples_leaf": 200}
RULES = rules_for("standard", {}, UTC)
SURES = (0.5, 0.7, 0.8, 0.85, 0.9, 0.95)
AGAIN = 0.3  # an alert is over once the cover is less likely off by so much
BUILDS = ("leg + movement", "+ room")


def main(argv: Sequence[str] | None = None) -> int:
    """Fit, print the tables, and write; return 0, or 1 after an error message."""
    args = _parser().parse_args(argv)
    if find_spec("sklearn") is None:
        print("scikit-learn is missing: pip install 'legwatch[fit]'", file=sys.stderr)
        return 1
    nights = [one for folder in args.nights for one in _nights(folder, args.jobs)]
    if not nights:
        print("each folder must contain nights with their truth files", file=sys.stderr)
        return 1
    minutes = [m for one in nights for build in (*one.builds, one.faulty) for m in build]
    print(f"fitting to {len(minutes):,} minutes", file=sys.stderr, flush=True)
    bare = fitted([(minute.features, minute.bare) for minute in minutes], SHAPE)
    there = fitted([(minute.features, minute.there) for minute in minutes], SHAPE)
    for folder in args.test:
        print(f"{folder.name}\n" + "\n".join(_table(_nights(folder, args.jobs), bare)))
    if args.write:
        FILE.write_text(_text(len(minutes), len(nights), bare, there), encoding="utf-8")
        print(FILE)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("nights", type=Path, nargs="+", metavar="DIR", help="a folder of nights to fit to")
    add("--test", type=Path, action="append", default=[], metavar="DIR", help="nights to judge by")
    add("--write", action="store_true", help="replace lying_model.py")
    add("--jobs", type=int, metavar="N", help="nights in parallel (default: one per core)")
    return parser


def _nights(folder: Path, jobs: int | None) -> list[LyingNight]:
    return corpus(folder, partial(night, rules=RULES), jobs)


def _table(nights: Sequence[LyingNight], model: Any) -> Iterator[str]:
    yield "  build           sure  caught      delay  90th pct  covered, a night  empty, a night"
    for place, build in enumerate(BUILDS):
        seen = [one.builds[place] for one in nights]
        columns = [_probabilities(model, minutes) for minutes in seen]
        for sure in SURES:
            yield f"  {build:<15} {sure:.2f}  " + _outcome(nights, seen, columns, sure)


def _probabilities(model: Any, minutes: Sequence[LyingMinute]) -> list[float]:
    if not minutes:
        return []
    return [float(p) for p in model.predict_proba([m.features for m in minutes])[:, 1]]


def _outcome(
    nights: Sequence[LyingNight],
    seen: Sequence[Sequence[LyingMinute]],
    columns: Sequence[Sequence[float]],
    sure: float,
) -> str:
    delays: list[float] = []
    count = covered = empty = 0
    for one, minutes, column in zip(nights, seen, columns, strict=True):
        fired = list(_fired(minutes, column, sure))
        empty += sum(not minute.there for minute in fired)
        covered += sum(m.there and not is_truly_cold(one.truth, m.at_ms) for m in fired)
        for found in uncovering_outcomes(one.truth, ()):
            if found.side == "far":
                continue
            count += 1
            within = [m.at_ms for m in fired if found.from_ms <= m.at_ms <= found.to_ms]
            delays += [(at_ms - found.from_ms) / MINUTE_MS for at_ms in within[:1]]
    later = quantiles(delays, n=10)[-1] if len(delays) > 1 else 0.0
    caught = f"{len(delays)} of {count}"
    of_delays = f"{median(delays or [0.0]):5.0f} min {later:5.0f} min"
    return f"{caught:<11}{of_delays} {covered / len(nights):10.3f} {empty / len(nights):15.3f}"


def _fired(
    minutes: Sequence[LyingMinute], column: Sequence[float], sure: float
) -> Iterator[LyingMinute]:
    """Yield the minutes in which an alert would fire, and none while it stands."""
    held, standing, last_ms = 0, False, 0
    for minute, p in zip(minutes, column, strict=True):
        if minute.at_ms - last_ms > 2 * MINUTE_MS:
            held, standing = 0, False
        last_ms = minute.at_ms
        held = held + 1 if p >= sure else 0
        standing = standing and p >= sure - AGAIN
        if held >= lying.SURE_MIN and not standing:
            standing = True
            yield minute


def _text(minutes: int, nights: int, bare: Any, there: Any) -> str:
    return (
        '"""The decision trees of two classifiers: '
        "somebody lies there uncovered, and somebody lies there.\n\n"
        "lab/legwatch_lab/fit/fit_lying.py has written this file: do not edit it. "
        "scikit-learn has fitted the\n"
        f"trees to {minutes:,} minutes of {nights:,} made nights of two families.\n"
        "classifier.py explains the lines and evaluates them.\n"
        '"""\n\n# ruff: noqa: E501\n'
        + model_text("BARE", bare, LETTERS)
        + model_text("THERE", there, LETTERS)
    )


if __name__ == "__main__":
    raise SystemExit(main())
