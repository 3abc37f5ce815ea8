"""One supervised program: it ends with its parent; its output arrives line by line."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import IO

PARENT_DEATH = Path(__file__).with_name("parent_death.py")


@dataclass(frozen=True, slots=True)
class OutputLine:
    """A line that a child wrote."""

    name: str
    line: str
    aside: bool  # True for stderr: the log gets it, the terminal only its warnings


@dataclass(frozen=True, slots=True)
class StopSignal:
    """A signal asks `legwatch up` to end."""

    number: int


ProcessEvent = OutputLine | StopSignal


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """Name, command and environment of a child."""

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)  # contains secrets: never log it
    may_finish: bool = False  # True if exit code 0 means that its work is done


class Process:
    """A running program; create it in the main thread, because it dies with that thread."""

    def __init__(self, task: ProcessSpec, events: SimpleQueue[ProcessEvent]) -> None:
        self.task = task
        command = [sys.executable, "-IS", str(PARENT_DEATH), str(os.getpid()), *task.command]
        self._process = subprocess.Popen(  # noqa: S603 - our own programs
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(task),
            start_new_session=True,  # the supervisor, not Ctrl-C, ends the children in order
        )
        self._readers = [
            threading.Thread(target=_read, args=(stream, task.name, aside, events), daemon=True)
            for stream, aside in ((self._process.stdout, False), (self._process.stderr, True))
            if stream is not None
        ]
        for reader in self._readers:
            reader.start()

    @property
    def code(self) -> int | None:
        """The exit code; None while the program runs."""
        return self._process.poll()

    def ask(self) -> None:
        """Send SIGTERM."""
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()

    def wait(self, seconds: float) -> bool:
        """Wait for the end of the program; False if it still runs after `seconds`."""
        try:
            self._process.wait(max(0.0, seconds))
        except subprocess.TimeoutExpired:
            return False
        return True

    def finish(self) -> None:
        """Kill the program and all that it started, then read the rest of its output."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for reader in self._readers:
            reader.join(0.5)


def _environment(task: ProcessSpec) -> dict[str, str]:
    # A NAME_FILE in the caller's environment would override the NAME set here.
    foreign = {f"{name}_FILE" for name in task.env}
    inherited = {name: value for name, value in os.environ.items() if name not in foreign}
    return {**inherited, "PYTHONUNBUFFERED": "1", **task.env}


def _read(stream: IO[bytes], name: str, aside: bool, events: SimpleQueue[ProcessEvent]) -> None:  # noqa: FBT001 - a thread's arguments have no keywords here
    with stream:
        for raw in stream:
            events.put(OutputLine(name, raw.decode("utf-8", "replace").rstrip("\r\n"), aside))
