"""Asks the bedside's own program what is wired, and what the sensors say.

It runs as a process of its own: the drivers belong to the bedside, and one that hangs or ends its
process does so there.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from legwatch.errors import CannotRun

FIND_S, MORE_S = 60.0, 30.0
_COMMAND = (sys.executable, "-m", "legwatch", "sensors")


class Found(NamedTuple):
    """A sensor that was found: for which places, its driver and keys, and how to recognise it."""

    kind: str
    about: str
    now: str
    keys: Mapping[str, Any]


class Sensing:
    """The sensors of this machine; `more` are words for the command, of a test."""

    def __init__(self, *more: str) -> None:
        self._more = more

    def found(self) -> list[Found]:
        """Return what is on the buses; raises CannotRun if nobody can look."""
        return self._asked("--json", within_s=FIND_S)

    def ticking(self, seconds: float) -> list[Found]:
        """Return the pins that have ticked; raises CannotRun if nobody can listen."""
        return self._asked("--json", "--listen", f"{seconds:g}", within_s=seconds + MORE_S)

    def published(self, host: str, user: str, seconds: float) -> list[Found]:
        """Return what is published at a broker; raises CannotRun if nobody can listen."""
        words = ["--json", "--broker", host, "--seconds", f"{seconds:g}"]
        words += ["--user", user] if user else []
        return self._asked(*words, within_s=seconds + MORE_S)

    @contextmanager
    def live(self, agent: Path, seconds: float) -> Iterator[Iterator[dict[str, Any]]]:
        """Give what the sensors of a settings file say, once a second."""
        words = [*_COMMAND, "--live", str(agent), "--json", "--seconds", f"{seconds:g}"]
        with subprocess.Popen(  # noqa: S603 - our own command
            words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
            text=True,
        ) as running:  # fmt: skip
            assert running.stdout is not None
            try:
                yield (json.loads(line) for line in running.stdout)
            finally:
                running.terminate()

    def _asked(self, *words: str, within_s: float) -> list[Found]:
        try:
            done = subprocess.run(  # noqa: S603 - our own command
                [*_COMMAND, *self._more, *words], capture_output=True, text=True, check=False,
                stdin=subprocess.DEVNULL, timeout=within_s,
            )  # fmt: skip
            tables = json.loads(done.stdout or "null")
        except (OSError, subprocess.TimeoutExpired, ValueError) as error:
            raise CannotRun(f"the sensors cannot be looked for: {error}") from None
        if tables is None:
            said = done.stderr.strip().rpartition("\n")[2]
            raise CannotRun(said.removeprefix("legwatch sensors: ") or "nothing was said")
        return [_of(table) for table in tables]


def _of(table: Mapping[str, Any]) -> Found:
    keys = {"driver": table["driver"], **table["options"]}
    return Found(table["kind"], table["about"], table["now"], keys)
