"""Measure how well legwatch detects cold legs: make nights, score them, write detection.md.

    .venv/bin/python lab/legwatch_lab/bench/detection.py --seed 9001 --nights 1000 --work DIR

DIR keeps the nights and the scores, so that an interrupted run can continue. After a change of the
maker, the engine, a profile or the scorer, the program runs the steps again that depend on it. You
may delete DIR. With --only, the program prints one table and writes no page.
"""

import argparse
import importlib
import sys
from collections.abc import Sequence
from datetime import UTC
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from legwatch.errors import LegwatchError
from legwatch_lab.bench.page import TUNED, page
from legwatch_lab.bench.runs import CURVED, LOOKS, STANDARD, Bench, Stopped
from legwatch_lab.bench.sample import sample
from legwatch_lab.bench.tables import TABLES, Found
from legwatch_lab.score.command import positive
from legwatch_runtime.profiles import rules_for

HERE = Path(__file__).parent
NOTES = HERE / "detection_notes.md"
# The limits that matter most for this page; all others are in the profile's file.
LIMITS = (
    "warmth.settle_s",
    "warmth.change_share",
    "warmth.change_sure",
    "warmth.slip_doubt",
    "warmth.warn_c",
    "warmth.warn_drop_c",
    "warmth.warn_hold_s",
    "warmth.plain_c",
    "warmth.plain_hold_s",
    "warmth.contrast_k",
    "warmth.warm_room_c",
    "warmth.slipped_c",
    "stillness.urgent_s",
    "health.alert_s",
    "health.frozen_s",
    "stillness.silent_s",
)
NEEDS = {
    "goals": ("mat", "no_mat"),
    "robustness": tuple(LOOKS),
    "tradeoff": ("mat", "no_mat"),
    "kinds": ("mat",),
    "moved": (),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the bench; return 0, or the exit code of the command that failed."""
    args = _parser().parse_args(argv)
    missing = [name for name in ("pythermalcomfort", "matplotlib") if find_spec(name) is None]
    if missing:
        print(f"{', '.join(missing)} missing: pip install 'legwatch[sim,plot]'", file=sys.stderr)
        return 1
    try:
        args.work.mkdir(parents=True, exist_ok=True)
        _run(args)
    except Stopped as stopped:
        return stopped.code
    except KeyboardInterrupt:
        print("\ninterrupted; run the same command again to continue", file=sys.stderr)
        return 130
    except (OSError, LegwatchError) as error:
        print(f"detection: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add(
        "--seed",
        type=int,
        required=True,
        help=f"a seed that was not used for tuning; these were: {TUNED}",
    )
    add("--nights", type=int, default=1000, metavar="N", help="default: 1000")
    add("--work", type=Path, required=True, metavar="DIR", help="folder for nights and scores")
    add(
        "--out",
        type=Path,
        default=HERE / "detection.md",
        metavar="FILE",
        help="write the page to this file",
    )
    add("--only", choices=TABLES, help="print this table and write no page")
    add("--jobs", type=positive, metavar="N", help="nights in parallel (default: one per core)")
    return parser


def _run(args: argparse.Namespace) -> None:
    looks = NEEDS[args.only] if args.only else tuple(LOOKS)
    curved = CURVED if args.only in (None, "tradeoff") else ()
    moved = args.only in (None, "moved")
    steps = len(looks) + len(curved) + moved
    bench = Bench(args.work, args.seed, args.nights, args.jobs, steps=steps)
    reports = {name: bench.report(name) for name in looks}
    curves = {name: bench.curve(name) for name in curved}
    found = Found(
        seed=args.seed,
        reports=reports,
        curves=curves,
        moved=bench.moved() if moved else (),
        sample=sample(bench.nights("drawn")),
        limits=limits(),
        sources=bench.sources,
        notes=NOTES.read_text(encoding="utf-8").strip() if NOTES.exists() else "",
        picture=args.out.with_suffix(".png").name,
    )
    if args.only:
        print("\n".join(TABLES[args.only](found)))
        return
    # matplotlib is slow to import, and every worker process imports this file.
    picture: Any = importlib.import_module("legwatch_lab.bench.picture")
    picture.draw(args.out.with_suffix(".png"), found)
    args.out.write_text(page(found), encoding="utf-8")
    print(f"{args.out} and {args.out.with_suffix('.png')}")


def limits() -> dict[str, float]:
    """Return the values of LIMITS in the standard profile, by dotted name."""
    rules = rules_for(STANDARD, {}, UTC)
    found: dict[str, float] = {}
    for name in LIMITS:
        group, key = name.split(".")
        found[name] = getattr(getattr(rules, group), key)
    return found


if __name__ == "__main__":
    raise SystemExit(main())
