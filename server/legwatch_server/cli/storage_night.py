"""The arguments of `legwatch storage night`."""

import argparse
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from legwatch_runtime import locations
from legwatch_runtime.process import EXITS

if TYPE_CHECKING:
    Actions = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - it has no other name

FIRST, LAST = date(1971, 1, 1), date(9998, 12, 31)


def add_to(actions: "Actions") -> None:
    """Add the arguments of `night` to those of `storage`."""
    parser = actions.add_parser(
        "night",
        help="write one night of a bed into a file, which `legwatch replay` replays",
        description="Write a night into one file as it was lived: the state of the bed at noon, its"
        " limits, windows, answers and notices. `legwatch replay FILE` replays it.",
        epilog=EXITS,
    )
    parser.add_argument("bed", metavar="BED", help="name of the bed")
    parser.add_argument(
        "night", metavar="DATE", help="date of the evening, such as 2026-11-23", type=_date
    )
    parser.add_argument(
        "file", metavar="FILE", type=Path, help="a new file; packed if its name ends with .gz"
    )
    parser.add_argument("--force", action="store_true", help="write over a file that is there")
    # A subparser's default would overwrite a --config that was given before the action.
    parser.add_argument(
        "--config", type=Path, default=argparse.SUPPRESS, help=locations.CONFIG_HELP
    )


def _date(word: str) -> date:
    try:
        found = date.fromisoformat(word)
    except ValueError:
        found = date.min
    if not FIRST <= found <= LAST:
        raise argparse.ArgumentTypeError(f"{word[:40]!r} is not a date such as 2026-11-23")
    return found
