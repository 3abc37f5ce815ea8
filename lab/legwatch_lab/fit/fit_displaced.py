r"""Fit the classifier of displaced sensors to made nights.

    .venv/bin/legwatch nights make --model body --kind corpus --seed 1 --count 1000 --out n/1
    .venv/bin/python lab/legwatch_lab/fit/fit_displaced.py n/1 n/2 n/3 n/4 n/5-lossy n/6 \
        n/7-displaced n/8-displaced n/9001 --write

Each folder holds the nights of one seed. Seed 5 was made with --lost 0.5, seeds 7 and 8 with
--kind displaced; seed 7 has 600 nights. The program leaves out one folder at a time, fits the
classifier to the others and tests it on that folder: how many nights of displaced sensors it knows,
and how many of bare legs it would silence. With --write, it also fits the classifier to all folders
and writes it to core/legwatch/conditions/displaced_model.py.
"""

import argparse
import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from legwatch.conditions import displaced
from legwatch.conditions.classifier import POINTS
from legwatch.conditions.features import Features
from legwatch_lab.fit.features import FitMinute, FitNight, night
from legwatch_lab.score.folder import each
from legwatch_lab.truth import SUFFIX
from legwatch_runtime.process import cores
from legwatch_runtime.profiles import rules_for

Night = TypeVar("Night")
FILE = Path(displaced.__file__).with_name("displaced_model.py")
DISPLACED = "displaced"  # the kind of night whose sensor leaves the bed
SHAPE = {
    "max_iter": 60,
    "learning_rate": 0.2,
    "max_leaf_nodes": 12,
    "min_samples_leaf": 40,
}
STEADY = {"l2_regularization": 2.0, "random_state": 0}
RULES = rules_for("standard", {}, UTC)
DOUBTS = (0.02, 0.05, 0.1, 0.2, 0.5)


def main(argv: Sequence[str] | None = None) -> int:
    """Fit the classifier and print the table; return 0, or 1 after an error message."""
    args = _parser().parse_args(argv)
    if find_spec("sklearn") is None:
        print("scikit-learn is missing: pip install 'legwatch[fit]'", file=sys.stderr)
        return 1
    corpora = [corpus(folder, partial(night, rules=RULES), args.jobs) for folder in args.nights]
    if not all(corpora):
        print("each folder must contain nights with their truth files", file=sys.stderr)
        return 1
    if len(corpora) > 1:
        _print_left_out(corpora)
    if args.write:
        every = [n for corpus in corpora for n in corpus]
        names = ", ".join(folder.name for folder in args.nights)
        FILE.write_text(_text(every, names), encoding="utf-8")
        print(FILE)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "nights", type=Path, nargs="+", metavar="DIR", help="a folder with the nights of one seed"
    )
    parser.add_argument("--write", action="store_true", help="replace displaced_model.py")
    parser.add_argument(
        "--jobs", type=int, metavar="N", help="nights in parallel (default: one per core)"
    )
    return parser


def corpus(folder: Path, one: Callable[[Path], Night | None], jobs: int | None) -> list[Night]:
    """Read the nights of a folder, each by its truth file; those without any are left out."""
    paths = sorted(folder.glob(f"*{SUFFIX}"))
    print(f"reading {len(paths)} nights of {folder}", file=sys.stderr, flush=True)
    nights = each(one, paths, jobs or cores())
    return [found for found in nights if found is not None]


def _print_left_out(corpora: Sequence[list[FitNight]]) -> None:
    nights: list[FitNight] = []
    likely: list[float] = []
    for n, corpus in enumerate(corpora):
        model = _fit([one for m, other in enumerate(corpora) if m != n for one in other])
        nights += corpus
        seen = [minute.features for one in corpus for minute in one.minutes]
        likely += [float(p) for p in model.predict_proba(seen)[:, 1]]
    print("doubt  displaced minutes known  bare minutes silenced")
    for limit in DOUBTS:
        known, bare = _shares(nights, likely, limit)
        print(f" {limit:.2f}  {known:24.1%}  {bare:20.1%}")


def _fit(nights: Sequence[FitNight]) -> Any:
    """Fit the model: sensor displaced, or legs uncovered."""
    return fitted([(minute.features, displaced) for displaced, minute in _asked(nights)], SHAPE)


def _asked(nights: Sequence[FitNight]) -> list[tuple[bool, FitMinute]]:
    seen = [(one.truth.kind == DISPLACED, m) for one in nights for m in one.minutes]
    return [(displaced, minute) for displaced, minute in seen if displaced != minute.bare]


def _shares(
    nights: Sequence[FitNight], likely: Sequence[float], limit: float
) -> tuple[float, float]:
    """Return of displaced sensors, and of bare legs, the share of minutes above a limit."""
    above: dict[bool, list[bool]] = {True: [], False: []}
    left = iter(likely)
    for one in nights:
        displaced = one.truth.kind == DISPLACED
        for minute in one.minutes:
            p = next(left)
            if displaced != minute.bare:
                above[displaced].append(p >= limit)
    return _mean(above[True]), _mean(above[False])


def _mean(found: Sequence[bool]) -> float:
    return sum(found) / max(1, len(found))


def fitted(examples: Sequence[tuple[Sequence[float], bool]], shape: Mapping[str, float]) -> Any:
    """Fit one classifier to examples, each its features and whether the answer is yes."""
    ensemble: Any = importlib.import_module("sklearn.ensemble")
    model = ensemble.HistGradientBoostingClassifier(**shape, **STEADY)
    return model.fit([seen for seen, _ in examples], [yes for _, yes in examples])


def _text(nights: Sequence[FitNight], names: str) -> str:
    return (
        '"""The decision trees of a classifier: the sensor is displaced.\n\n'
        "lab/legwatch_lab/fit/fit_displaced.py has written this file: do not edit it. "
        "scikit-learn has fitted\n"
        f"the trees to {len(_asked(nights)):,} minutes of {len(nights):,} made nights:\n{names}.\n"
        "classifier.py explains the lines and evaluates them.\n"
        '"""\n\n# ruff: noqa: E501\n' + model_text("DISPLACED", _fit(nights), Features._fields)
    )


def model_text(name: str, model: Any, names: Sequence[str]) -> str:
    """Return the lines of a model's file: its base, and a tree a line, as classifier.py reads."""
    base = round(POINTS * float(model._baseline_prediction[0, 0]))
    trees = "\n".join(_tree(step[0].nodes, 0, names) for step in model._predictors)
    return f'\n{name}_BASE = {base}\n{name} = """\n{trees}\n"""\n'


def _tree(nodes: Any, place: int, names: Sequence[str]) -> str:
    node = nodes[place]
    if node["is_leaf"]:
        return f"{round(POINTS * float(node['value']))}"
    sign, limit = names[node["feature_idx"]], float(node["num_threshold"])
    below, above = (_tree(nodes, int(node[side]), names) for side in ("left", "right"))
    return f"{sign[0]}{limit:.3g} {below} {above}"


if __name__ == "__main__":
    raise SystemExit(main())
