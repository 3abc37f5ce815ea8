"""`legwatch programs`: let a program of the house read all beds and ask, or let it no more."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from legwatch_runtime import locations
from legwatch_runtime.process import EXITS
from legwatch_server.meant import meant


def main(argv: Sequence[str]) -> int:
    """Run `legwatch programs`; 0 done, 1 not possible now, 2 a wrong name or settings."""
    args = _parser().parse_args(argv)
    from legwatch_server.cli.programs_let_in import run  # noqa: PLC0415 - its help does not need it

    run(meant(args.config), args.action, getattr(args, "name", ""))
    return 0


def _parser() -> argparse.ArgumentParser:
    config = argparse.ArgumentParser(add_help=False)
    config.add_argument("--config", type=Path, metavar="FILE", help=locations.CONFIG_HELP)
    parser = argparse.ArgumentParser(
        prog="legwatch programs",
        description="List the programs that the broker of `legwatch up` lets in, such as a home"
        " automation; add one, or end it. A program reads all beds, and may ask for what a person"
        " can do by hand: answer an alert, note a cramp, set a limit. deploy/README.md shows how.",
        epilog=EXITS,
        parents=[config],
    )
    inner = argparse.ArgumentParser(add_help=False)
    inner.add_argument("--config", type=Path, default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    inner.add_argument("name", metavar="NAME", help="name of the program, such as homeassistant")
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    actions.add_parser("add", help="let a program in; prints its password once", parents=[inner])
    actions.add_parser("end", help="let a program in no more", parents=[inner])
    return parser
