"""`legwatch pair`: read the arguments; only then import what does the work."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from legwatch_runtime import locations
from legwatch_runtime.process import EXITS


def main(argv: Sequence[str]) -> int:
    """Run `legwatch pair`; 0 paired, 1 not possible now, 2 a wrong code, address or settings."""
    args = _parser().parse_args(argv)
    from legwatch_device.paired import run  # noqa: PLC0415 - its help does not need it

    return run(args)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="legwatch pair",
        description="Make this Pi the bedside of a server elsewhere in the house, with the code"
        " that `legwatch beds add` prints there.",
        epilog=EXITS,
    )
    parser.add_argument("code", nargs="?", metavar="CODE", help="the code; not given: asked for")
    parser.add_argument(
        "--server",
        metavar="HOST[:PORT]",
        help="name or address of the server; not given: it is looked for in this house",
    )
    usual = locations.INSTALLED.with_name("agent.toml")
    parser.add_argument(
        "--config",
        type=Path,
        metavar="AGENT.toml",
        help=f"settings of the bedside ({usual} where legwatch is installed, else agent.toml)",
    )
    return parser
