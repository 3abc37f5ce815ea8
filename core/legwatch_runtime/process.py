"""What the long-running commands have in common: their log, and the option that names settings."""

import argparse
import faulthandler
import logging
import sys
from pathlib import Path


def settings_parser(prog: str, description: str, file: str) -> argparse.ArgumentParser:
    """Return a parser with the required option `--config FILE`; `file` is the usual name."""
    parser = argparse.ArgumentParser(prog=prog, description=description)
    parser.add_argument("--config", required=True, type=Path, metavar="FILE", help=file)
    return parser


def log_to_stderr() -> None:
    """Write log messages to stderr, without the time: systemd and containers add the time.

    A process that hangs is ended by SIGABRT; then all its threads say where they are.
    """
    faulthandler.enable()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
