"""The log of the long-running commands."""

import faulthandler
import logging
import sys
from contextlib import suppress

from legwatch_runtime.secrets import hide


def log_to_stderr() -> None:
    """Write log messages to stderr, without the time: systemd and containers add the time.

    A process that hangs is ended by SIGABRT; then all its threads say where they are.
    """
    with suppress(OSError, RuntimeError):  # stderr is closed, or no file: nobody could read it
        faulthandler.enable()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Discreet("%(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


class _Discreet(logging.Formatter):
    """Shows no secret, whatever a library has put into an exception."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line and the traceback of a record."""
        return hide(super().format(record))
