"""What the long-running commands have in common: their log, and the option that names settings."""

import argparse
import faulthandler
import logging
import sys
from pathlib import Path

from legwatch_runtime.secrets import hide


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
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Discreet("%(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


class _Discreet(logging.Formatter):
    """Shows no secret, whatever a library has put into an exception."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line and the traceback of a record."""
        return hide(super().format(record))
