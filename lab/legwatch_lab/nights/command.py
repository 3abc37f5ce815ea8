"""`legwatch nights make`: write made nights, and the truth beside them."""

import argparse
import gzip
import json
import os
import sys
from collections.abc import Callable, Collection, Sequence
from importlib.util import find_spec
from pathlib import Path
from zoneinfo import ZoneInfo

from legwatch.counted import counted
from legwatch.errors import CannotRun, LegwatchError, SettingsError
from legwatch_lab.nights.arguments import MOST_PER_RUN, parser
from legwatch_lab.nights.body.night import CORPUS, NightOrder
from legwatch_lab.nights.body.scenarios import KINDS as BODY_KINDS
from legwatch_lab.nights.body.sensors import SensorOptions
from legwatch_lab.nights.lumped import kinds as lumped
from legwatch_lab.nights.lumped.night import LumpedOrder
from legwatch_lab.nights.lumped.night import run as lumped_run
from legwatch_lab.nights.simple.night import SimpleNight, make
from legwatch_lab.nights.simple.scenarios import KINDS
from legwatch_lab.nights.simple.sensors import MISSED
from legwatch_runtime.process import cores
from legwatch_runtime.zones import zone_named

MOST = 100_000
BODY_ONLY = ("lag_min", "lost", "leg_offset", "wide", "per_run")
MakeAll = Callable[[ZoneInfo], None]


def main(argv: Sequence[str]) -> int:
    """Run `legwatch nights`; return 0. Raises LegwatchError."""
    args = parser().parse_args(argv)
    if not 1 <= args.count <= MOST:
        raise SettingsError("--count", f"{args.count} is not allowed; allowed 1 to {MOST}")
    zone = zone_named(args.tz, "--tz")
    make_all = {"simple": _simple, "body": _body, "lumped": _lumped}[args.model](args)
    began_s = _cpu_s()
    try:
        args.out.mkdir(parents=True, exist_ok=True)
        make_all(zone)
    except OSError as error:
        raise LegwatchError(f"{error.filename or args.out}: {error.strerror}") from None
    whose = "its" if args.count == 1 else "their"
    print(f"{counted(args.count, 'night')} and {whose} truth are in {args.out}")
    print(f"{(_cpu_s() - began_s) / args.count:.2f} CPU s a night")
    return 0


def _simple(args: argparse.Namespace) -> MakeAll:
    kind = args.kind or "mixed"
    _known(kind, KINDS, "simple")
    _only_with("body", args, *BODY_ONLY)
    _only_with("body or lumped", args, "jobs", "before_h", "ankle")

    def make_all(zone: ZoneInfo) -> None:
        from tqdm import tqdm  # noqa: PLC0415 - nothing else here needs it

        quiet = args.count < 2 or not sys.stderr.isatty()
        for number in tqdm(range(args.count), desc="nights", unit=" nights", disable=quiet):
            write(make(args.seed, number, kind, zone), args.out)

    return make_all


def _body(args: argparse.Namespace) -> MakeAll:
    if find_spec("pythermalcomfort") is None:
        pip = f"{sys.executable} -m pip"
        raise CannotRun(f"--model body needs the extra sim: {pip} install 'legwatch[sim]'")
    kind = args.kind or CORPUS
    _known(kind, {CORPUS, *BODY_KINDS}, "body")
    _within("--per-run", args.per_run, 1, MOST_PER_RUN)
    _within("--before-h", args.before_h, 0.25, 12)
    _within("--lag-min", args.lag_min, 0.5, 60)
    _within("--lost", args.lost, 0, 0.95)
    _within("--leg-offset", args.leg_offset, -5, 5)
    _within("--jobs", args.jobs, 1, 1024)
    asked = SensorOptions(
        lag_s=None if args.lag_min is None else 60 * args.lag_min,
        lost=MISSED if args.lost is None else args.lost,
        leg_offset_c=args.leg_offset or 0.0,
    )

    def make_all(zone: ZoneInfo) -> None:
        from legwatch_lab.nights.body.workers import write_all  # noqa: PLC0415 - for this model

        orders = [
            NightOrder(
                seed=args.seed,
                number=number,
                kind=kind,
                zone=zone,
                asked=asked,
                wide=bool(args.wide),
                before_h=args.before_h,
                per_run=args.per_run or 1,
                ankle=bool(args.ankle),
            )
            for number in range(args.count)
        ]
        write_all(orders, args.out, args.jobs or cores())

    return make_all


def _lumped(args: argparse.Namespace) -> MakeAll:
    kind = args.kind or lumped.CORPUS
    _known(kind, {lumped.CORPUS, *lumped.KINDS}, "lumped")
    _only_with("body", args, *BODY_ONLY)
    _within("--jobs", args.jobs, 1, 1024)
    _within("--before-h", args.before_h, 0.25, 12)

    def make_all(zone: ZoneInfo) -> None:
        from legwatch_lab.nights.many import write_all  # noqa: PLC0415 - slow, not for --help

        numbers = range(args.count)
        orders = [
            LumpedOrder(args.seed, n, kind, zone, args.before_h, bool(args.ankle)) for n in numbers
        ]
        write_all(lumped_run, orders, args.out, args.jobs or cores())

    return make_all


def _only_with(models: str, args: argparse.Namespace, *names: str) -> None:
    for name in names:
        if getattr(args, name) is not None:
            raise SettingsError(f"--{name.replace('_', '-')}", f"works only with --model {models}")


def _cpu_s() -> float:
    """Return the CPU seconds of this process and of its ended workers."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _known(kind: str, kinds: Collection[str], model: str) -> None:
    if kind not in kinds:
        known = ", ".join(sorted(kinds))
        raise SettingsError("--kind", f"--model {model} has no {kind!r}; it has: {known}")


def _within(name: str, value: float | None, low: float, high: float) -> None:
    if value is not None and not low <= value <= high:
        raise SettingsError(name, f"{value} is not allowed; allowed {low} to {high}")


def write(night: SimpleNight, folder: Path) -> Path:
    """Write a night's replay file and its truth; the same bytes for the same night."""
    path = folder / f"{night.name}.csv.gz"
    # mtime=0: by default gzip stores the current time, and the bytes would differ each time.
    text = "\n".join([*night.lines, ""])
    path.write_bytes(gzip.compress(text.encode(), compresslevel=6, mtime=0))
    truth = {"file": path.name, **night.truth}
    (folder / f"{night.name}.truth.json").write_text(
        json.dumps(truth, indent=1) + "\n", encoding="utf-8"
    )
    return path
