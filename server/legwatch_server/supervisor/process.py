"""One supervised program: started on a leash, heard line by line, ended as a group."""

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
    aside: bool  # on stderr: for the log rather than for the reader


@dataclass(frozen=True, slots=True)
class StopSignal:
    """A signal asked us to end."""

    number: int


ProcessEvent = OutputLine | StopSignal


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """What a child is to run."""

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)  # secrets among it: never logged
    may_finish: bool = False  # ending with exit code 0 is what it is for


class Process:
    """A running program. Start it from the main thread only: the leash hangs on the thread."""

    def __init__(self, task: ProcessSpec, events: SimpleQueue[ProcessEvent]) -> None:
        self.task = task
        words = [sys.executable, "-IS", str(PARENT_DEATH), str(os.getpid()), *task.command]
        self._process = subprocess.Popen(  # noqa: S603 - our own programs
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(task),
            start_new_session=True,  # Ctrl-C is ours to pass on, in the right order
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
        """The exit code; None while it runs."""
        return self._process.poll()

    def ask(self) -> None:
        """Ask it to end."""
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()

    def wait(self, seconds: float) -> bool:
        """Wait for its end; say whether it has come."""
        try:
            self._process.wait(max(0.0, seconds))
        except subprocess.TimeoutExpired:
            return False
        return True

    def finish(self) -> None:
        """End it and all that it started, and hear its last words."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for reader in self._readers:
            reader.join(0.5)


def _environment(task: ProcessSpec) -> dict[str, str]:
    # A NAME_FILE of the caller's would win over the NAME that we give.
    foreign = {f"{name}_FILE" for name in task.env}
    kept = {name: value for name, value in os.environ.items() if name not in foreign}
    return {**kept, "PYTHONUNBUFFERED": "1", **task.env}


def _read(stream: IO[bytes], name: str, aside: bool, events: SimpleQueue[ProcessEvent]) -> None:  # noqa: FBT001 - a thread's arguments have no keywords here
    with stream:
        for raw in stream:
            events.put(OutputLine(name, raw.decode("utf-8", "replace").rstrip("\r\n"), aside))
