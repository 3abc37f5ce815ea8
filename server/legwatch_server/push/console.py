"""The console: one readable line a notice, coloured on a terminal."""

import sys
from typing import TextIO

from legwatch.notice import Level, What
from legwatch_server.push import Push, PushError
from legwatch_server.settings import PushTable

_RED, _YELLOW, _GREEN, _PLAIN = "\x1b[1;31m", "\x1b[1;33m", "\x1b[1;32m", "\x1b[0m"


class Console:
    """Prints to standard output."""

    def __init__(self, table: PushTable, out: TextIO | None = None) -> None:
        del table  # nothing to set
        self._out = out or sys.stdout

    def send(self, push: Push) -> None:
        """Print; a closed terminal is a permanent fault."""
        line = f"{push.clock}  {push.bed}  {push.title}. {push.text}"
        if push.again:
            line += " (perhaps said before)"
        if self._out.isatty():
            line = f"{_colour(push)}{push.clock}  {push.bed}  {push.title}.{_PLAIN} {push.text}"
        try:
            print(line, file=self._out, flush=True)
        except OSError as error:
            raise PushError(str(error), permanent=True) from None


def _colour(push: Push) -> str:
    if push.what is What.RESOLVED:
        return _GREEN
    return _RED if push.level is Level.URGENT else _YELLOW
