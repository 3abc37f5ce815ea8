"""Lay sensor faults over made nights, and write a table of what was told of them.

    .venv/bin/python -m legwatch_lab.faults --family DIR --work DIR

DIR of a family has nights of `legwatch nights make --model body` (or lumped) with their truth, in
folders below it if you like; make more than you ask for, since not each night can be used:

    legwatch nights make --model body --kind uncovered_both --seed 1 --count 60 --out DIR/uncovered
    legwatch nights make --model body --kind plain --seed 2 --count 40 --out DIR/quiet

The folder of --work keeps what came of each night, so that an interrupted run goes on, and a run
after a change of the rules asks everything anew.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from legwatch.errors import LegwatchError, SettingsError
from legwatch_lab import faults
from legwatch_lab.faults import table, trees
from legwatch_lab.faults.campaign import Plan, run
from legwatch_lab.faults.catalogue import ALL, BUILDS, named
from legwatch_lab.faults.cells import cells
from legwatch_runtime.process import cores, whole

MOST_NIGHTS, MOST_JOBS, MOST_SEED = 10_000, 1024, 2**63 - 1


def main(argv: Sequence[str] | None = None) -> int:
    """Run the campaign; return 0, or 1 with the reason on standard error."""
    args = _parser().parse_args(argv)
    if args.list:
        for fault in ALL:
            print(f"{fault.name:<18}{fault.sensor or '-':<10}{fault.about}")
        return 0
    try:
        print("\n".join(_page(args)))
    except KeyboardInterrupt:
        print("\ninterrupted; run the same command again to continue", file=sys.stderr)
        return 130
    except (OSError, LegwatchError) as error:
        print(f"faults: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=faults.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--family", action="append", default=[], type=Path, metavar="DIR", help="repeat for more")
    add("--work", type=Path, metavar="DIR", help="folder for what came of each night")
    add("--nights", type=whole(1, MOST_NIGHTS), default=40, metavar="N", help="of each kind (40)")
    add("--fault", action="append", default=[], metavar="NAME", help="only this; repeat for more")
    add("--build", action="append", default=[], choices=BUILDS, help="only this; repeat for more")
    add("--seed", type=whole(0, MOST_SEED), default=1, help="of the faults (default: 1)")
    add("--jobs", type=whole(1, MOST_JOBS), default=cores(), metavar="N", help="nights at once")
    add(
        "--tree",
        action="append",
        default=[],
        type=Path,
        metavar="PATH",
        help="another checkout: its rules are asked, too; repeat for more",
    )
    add("--kept", action="store_true", help="run nothing: a table of what the folder keeps")
    add("--list", action="store_true", help="list the faults and end")
    return parser


def _page(args: argparse.Namespace) -> list[str]:
    if not args.family or args.work is None:
        raise SettingsError("--family", "at least one, and --work, are needed")
    asked: dict[str, Path | None] = {trees.HERE: None}
    asked.update({path.resolve().name: path.resolve() for path in args.tree})
    plan = Plan(
        faults=tuple(fault.name for fault in named(args.fault)),
        builds=tuple(build for build in BUILDS if not args.build or build in args.build),
        trees=asked,
        seed=args.seed,
    )
    families = {path.resolve().name: path for path in args.family}
    rows = run(families, plan, nights=args.nights, jobs=args.jobs, out=args.work, kept=args.kept)
    return list(table.page(cells(rows), tuple(asked)))
