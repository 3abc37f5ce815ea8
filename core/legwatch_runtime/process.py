"""What commands have in common: their exit codes, numbers, cores, and the option `--config`."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path

EXITS = "Exit code: 0 done, 1 not possible now, 2 wrong arguments or settings, 130 Ctrl-C."
RUNS = "Exit code: 0 a clean end, 1 cannot run here now, 2 wrong arguments or settings."
RUNS_PINS = f"{RUNS.removesuffix('.')}, such as of pins on a machine that has none."
MOST_ROWS = 2**63 - 1  # the highest number that a table can hold


def whole(low: int, high: int) -> Callable[[str], int]:
    """Return a reader of a whole number of the command line; the other numbers are refused."""

    def read(word: str) -> int:
        number = int(word)
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(f"{word[:40]} is not allowed; allowed {low} to {high}")
        return number

    read.__name__ = "whole number"  # argparse says it of a word that is none
    return read


def between(low: float, high: float) -> Callable[[str], float]:
    """Return a reader of a number of the command line; `nan` and the like are refused."""

    def read(word: str) -> float:
        value = float(word)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(
                f"{word[:40]} is not allowed; allowed {low:g} to {high:g}"
            )
        return value

    read.__name__ = "number"
    return read


def cores() -> int:
    """Return the number of cores that this process may use."""
    may_use: Callable[[int], set[int]] | None = getattr(os, "sched_getaffinity", None)
    return len(may_use(0)) if may_use else os.cpu_count() or 1


def settings_parser(
    prog: str, description: str, file: str, exits: str = RUNS
) -> argparse.ArgumentParser:
    """Return a parser with the required option `--config FILE`; `file` is the usual name."""
    parser = argparse.ArgumentParser(prog=prog, description=description, epilog=exits)
    parser.add_argument("--config", required=True, type=Path, metavar="FILE", help=file)
    return parser
