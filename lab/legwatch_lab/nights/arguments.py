"""The arguments of `legwatch nights`."""

import argparse
from pathlib import Path

from legwatch_lab.nights.body.night import CORPUS
from legwatch_lab.nights.body.scenarios import KINDS as BODY_KINDS
from legwatch_lab.nights.lumped import kinds as lumped
from legwatch_lab.nights.simple.scenarios import KINDS
from legwatch_lab.nights.simple.sensors import MISSED
from legwatch_runtime.process import EXITS, whole

MOST_SEED = 2**63 - 1
MOST_PER_RUN = 10
MODELS = (
    "simple (default); body: a model of skin and bed, needs the extra sim; lumped: another one, a "
    "network of heat capacities, which shares nothing with it"
)
BODY = f"body: {', '.join(sorted(BODY_KINDS))} (default: {CORPUS}, a weighted mix of all)"
LUMPED = f"lumped: {', '.join(sorted(lumped.KINDS))} (default: {CORPUS})"


def parser() -> argparse.ArgumentParser:
    """Return the arguments of `legwatch nights`."""
    whole_parser = argparse.ArgumentParser(
        prog="legwatch nights",
        description="Make plausible nights, to try rules without a bed.",
        epilog=EXITS,
    )
    commands = whole_parser.add_subparsers(required=True, metavar="COMMAND")
    maker = commands.add_parser(
        "make",
        help="write replay files, and the truth beside them",
        description="Write replay files (NAME.csv.gz) and what really happened (NAME.truth.json). "
        "The same seed gives the same bytes.",
        epilog=EXITS,
    )
    add = maker.add_argument
    add(
        "--seed",
        type=whole(0, MOST_SEED),
        required=True,
        help="a whole number; each seed gives other nights",
    )
    add("--count", type=int, default=1, help="how many nights (default: 1)")
    add(
        "--out",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder; legwatch creates it if it is missing",
    )
    add("--model", choices=("simple", "body", "lumped"), default="simple", help=MODELS)
    add(
        "--kind",
        help=f"what happens; simple: {', '.join(sorted(KINDS))} (default: mixed); {BODY}; {LUMPED}",
    )
    add("--tz", default="UTC", metavar="ZONE", help="time zone of the bed (default: UTC)")
    both = maker.add_argument_group("with --model body or lumped")
    add = both.add_argument
    add("--jobs", type=int, metavar="N", help="nights in parallel (default: one per core)")
    add(
        "--before-h",
        type=float,
        metavar="H",
        help="hours of empty bed before bedtime (default: random, 40 min to 2 h)",
    )
    add(
        "--ankle",
        action="store_true",
        default=None,
        help="with a second thermometer, by the ankle; all else of the nights stays as it is",
    )
    body = maker.add_argument_group("with --model body")
    add = body.add_argument
    add(
        "--wide",
        action="store_true",
        default=None,
        help="more rooms and absences; 1 to 20 counts a second, readings every 15 to 60 s",
    )
    add(
        "--per-run",
        type=int,
        metavar="N",
        help="nights that share a run of the body model, with other sensors, movements and "
        f"habits, 1 to {MOST_PER_RUN} (default: 1)",
    )
    sensors = maker.add_argument_group(
        "with --model body", "These options change the sensors and not the nights."
    )
    add = sensors.add_argument
    add("--lag-min", type=float, metavar="MIN", help="lag of the leg sensor (default: random, 1-9)")
    add("--lost", type=float, metavar="SHARE", help=f"share of reads that fail (default: {MISSED})")
    add(
        "--leg-offset", type=float, metavar="C", help="added to the random offset of the leg sensor"
    )
    return whole_parser
