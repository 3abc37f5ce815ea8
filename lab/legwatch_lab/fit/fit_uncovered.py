r"""Fit the classifier of uncovered legs to made nights, and test it on nights left out.

    .venv/bin/legwatch nights make --model body --kind corpus --seed 1 --count 1000 --out n/1
    .venv/bin/python lab/legwatch_lab/fit/fit_uncovered.py n/1 n/2 n/3 n/4 n/5-lossy n/6 \
        n/7-displaced n/8-displaced n/9001 --write

Each folder holds the nights of one seed. Seed 5 was made with --lost 0.5, seeds 7 and 8 with
--kind displaced; seed 7 has 600 nights. The program leaves out one folder at a time, fits the
classifier to the others and tests it on that folder. The table shows the results of the classifier
alone, without the other rules. With --write, the program also fits the classifier to all folders
and writes it to core/legwatch/conditions/uncovered_model.py.
"""

import argparse
import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from statistics import median, quantiles
from typing import Any, NamedTuple, TypeVar

from legwatch.conditions import uncovered
from legwatch.conditions.classifier import POINTS
from legwatch.conditions.features import Features
from legwatch_lab.fit.features import FitMinute, FitNight, night
from legwatch_lab.score import cold
from legwatch_lab.score.folder import each
from legwatch_lab.truth import SUFFIX
from legwatch_runtime.process import cores
from legwatch_runtime.profiles import rules_for

Night = TypeVar("Night")
FILE = Path(uncovered.__file__).with_name("uncovered_model.py")
DISPLACED = "displaced"  # the kind of night whose sensor leaves the bed
# With half as many leaves the alerts came 0.4 min later, with as many false ones.
OFF_SHAPE = {"max_iter": 110, "learning_rate": 0.12, "max_leaf_nodes": 12, "min_samples_leaf": 160}
DISPLACED_SHAPE = {
    "max_iter": 60,
    "learning_rate": 0.2,
    "max_leaf_nodes": 12,
    "min_samples_leaf": 40,
}
STEADY = {"l2_regularization": 2.0, "random_state": 0}
RULES = rules_for("standard", {}, UTC)
AGAIN_MS = 60 * 60_000
SURES = (0.90, 0.95, 0.96, 0.965, 0.97, 0.975, 0.98, 0.99)


class FitOutcome(NamedTuple):
    """The results of one limit of the probability, without the other rules."""

    caught: float
    delay_min: float
    delay_p90_min: float
    false_a_night: float  # of nights whose sensor stays in the bed
    displaced_alerts: int  # nights with a false alert, of those whose sensor leaves the bed
    slip_nights: int


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
    parser.add_argument("--write", action="store_true", help="replace uncovered_model.py")
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
    probabilities: list[tuple[float, float]] = []
    for n, corpus in enumerate(corpora):
        others = [one for m, other in enumerate(corpora) if m != n for one in other]
        off, displaced = _fits(others)
        nights += corpus
        seen = [minute.features for one in corpus for minute in one.minutes]
        columns = (fit.predict_proba(seen)[:, 1] for fit in (off, displaced))
        probabilities += [(float(a), float(b)) for a, b in zip(*columns, strict=True)]
    print("  sure  caught   delay  90th pct  false a night  displaced, false")
    for limit in SURES:
        found = _outcome(nights, probabilities, limit)
        delays = f"{found.delay_min:5.1f} min {found.delay_p90_min:5.1f} min"
        slips = f"{found.displaced_alerts} of {found.slip_nights}"
        print(f" {limit:.3f}  {found.caught:5.1%}  {delays}   {found.false_a_night:.4f}  {slips}")


def _fits(nights: Sequence[FitNight]) -> tuple[Any, Any]:
    """Fit two models: cover off or only lifted, and sensor displaced or legs uncovered."""
    seen = [(one.truth.kind == DISPLACED, m) for one in nights for m in one.minutes]
    off = [(m.features, m.bare) for displaced, m in seen if not displaced]
    out = [(m.features, displaced) for displaced, m in seen if displaced != m.bare]
    return fitted(off, OFF_SHAPE), fitted(out, DISPLACED_SHAPE)


def fitted(examples: Sequence[tuple[Sequence[float], bool]], shape: Mapping[str, float]) -> Any:
    """Fit one classifier to examples, each its features and whether the answer is yes."""
    ensemble: Any = importlib.import_module("sklearn.ensemble")
    model = ensemble.HistGradientBoostingClassifier(**shape, **STEADY)
    return model.fit([seen for seen, _ in examples], [yes for _, yes in examples])


def _outcome(
    nights: Sequence[FitNight], probabilities: Sequence[tuple[float, float]], limit: float
) -> FitOutcome:
    left = iter(probabilities)
    delays: list[float] = []
    count = wrong = displaced_alerts = 0
    for one in nights:
        alerts = _alerts(one, [next(left) for _ in one.minutes], limit)
        false = sum(not alert.bare for alert in alerts)
        if one.truth.kind == DISPLACED:
            displaced_alerts += bool(false)
            continue
        wrong += false
        for uncovering in cold.uncovering_outcomes(one.truth, ()):
            count += 1
            within = [a.at_ms for a in alerts if uncovering.from_ms <= a.at_ms <= uncovering.to_ms]
            delays += [(at_ms - uncovering.from_ms) / 60_000 for at_ms in within[:1]]
    slip_nights = sum(one.truth.kind == DISPLACED for one in nights)
    false_a_night = wrong / (len(nights) - slip_nights)
    p90 = quantiles(delays, n=10)[-1]
    return FitOutcome(
        caught=len(delays) / count,
        delay_min=median(delays),
        delay_p90_min=p90,
        false_a_night=false_a_night,
        displaced_alerts=displaced_alerts,
        slip_nights=slip_nights,
    )


def _alerts(
    one: FitNight, probabilities: Sequence[tuple[float, float]], limit: float
) -> list[FitMinute]:
    limits = RULES.warmth
    found: list[FitMinute] = []
    fired_ms = -AGAIN_MS
    for minute, (p_uncovered, p_displaced) in zip(one.minutes, probabilities, strict=True):
        deep = minute.features.fallen >= limits.change_share
        if not deep or p_uncovered < limit or p_displaced >= limits.slip_doubt:
            continue
        if minute.at_ms - fired_ms > AGAIN_MS:
            found.append(minute)
        fired_ms = minute.at_ms
    return found


def _text(nights: Sequence[FitNight], names: str) -> str:
    off, displaced = _fits(nights)
    minutes = sum(len(one.minutes) for one in nights)
    return (
        '"""The decision trees of two classifiers: '
        "the cover is off, and the sensor is displaced.\n\n"
        "lab/legwatch_lab/fit/fit_uncovered.py has written this file: do not edit it. "
        "scikit-learn has fitted\n"
        f"the trees to {minutes:,} minutes of {len(nights):,} made nights:\n{names}.\n"
        "classifier.py explains the lines and evaluates them.\n"
        '"""\n\n# ruff: noqa: E501\n'
        + model_text("UNCOVERED", off, Features._fields)
        + model_text("DISPLACED", displaced, Features._fields)
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
