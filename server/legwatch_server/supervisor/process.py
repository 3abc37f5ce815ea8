"""One supervised program: it ends with its parent; its output arrives line by line."""

import contextlib
import errno
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import IO

from legwatch_runtime import calls
from legwatch_runtime.clock import awake_s
from legwatch_runtime.part import Parts
from legwatch_runtime.systemd import READY, WELL

REST_S = 2.0  # for the last output of a program that has ended; a busy machine needs it
START_S = 900.0  # a start may take so long, as in the server's unit: a large store is looked at
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
    patience_s: float = 0.0  # within which it must say that it is well; 0: it says nothing


class Process:
    """A running program; create it in the main thread, because it dies with that thread.

    Raises OSError if the machine has no process, file or thread left for it.
    """

    def __init__(self, task: ProcessSpec, events: SimpleQueue[ProcessEvent], parts: Parts) -> None:
        self.task = task
        self.ready = False  # it has said that it is up
        self._heard_s = awake_s()
        self._line, self._calls = _line_of(task), calls.made()
        try:
            self._process = _started(task, self._calls)
        except OSError:
            self._close_line()  # the next try needs its name
            raise
        self._streams = [one for one in (self._process.stdout, self._process.stderr) if one]
        self._readers = [
            parts.add(
                f"{task.name}-{'err' if aside else 'out'}",
                partial(_read, stream, task.name, aside, events),
                within_s=float("inf"),
            )
            for stream, aside in zip(self._streams, (False, True), strict=True)
        ]
        self._read_output()

    @property
    def code(self) -> int | None:
        """The exit code; None while the program runs."""
        return self._process.poll()

    def calling(self) -> list[calls.Running]:
        """Return what of other packages it was calling when it ended."""
        return [] if self._calls is None else calls.running(self._calls)

    def hangs(self) -> bool:
        """Return True if a program has not said for too long that it is up, or that it is well."""
        if self._line is None:
            return False
        with contextlib.suppress(OSError):  # nothing more was said
            while state := self._line.recv(100).decode():
                self.ready |= state == READY
                if state in {READY, WELL}:
                    self._heard_s = awake_s()
        patience_s = self.task.patience_s if self.ready else max(START_S, self.task.patience_s)
        return awake_s() - self._heard_s > patience_s

    def abort(self) -> None:
        """End a program that hangs; it says where its threads are."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGABRT)
        if not self.wait(1.0):
            self._process.kill()

    def read_again(self) -> None:
        """Send SIGHUP: a broker reads its users again."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGHUP)

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
            reader.join(REST_S)
        self._close_line()

    def _read_output(self) -> None:
        begun = 0
        try:
            for reader in self._readers:
                reader.start()
                begun += 1
        except RuntimeError:
            for reader, stream in list(zip(self._readers, self._streams, strict=True))[begun:]:
                reader.ended = True
                stream.close()
            del self._readers[begun:]
            self.finish()
            raise OSError(errno.EAGAIN, "no thread can be started for its output") from None

    def _close_line(self) -> None:
        if self._line is not None:
            self._line.close()
        if self._calls is not None:
            os.close(self._calls)
            self._calls = None


def _started(task: ProcessSpec, shared: int | None) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-IS", str(PARENT_DEATH), str(os.getpid()), *task.command]
    return subprocess.Popen(  # noqa: S603 - our own programs
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=_environment(task) | ({} if shared is None else {calls.FD: str(shared)}),
        pass_fds=() if shared is None else (shared,),
        start_new_session=True,  # the supervisor, not Ctrl-C, ends the children in order
    )


def _environment(task: ProcessSpec) -> dict[str, str]:
    # A NAME_FILE in the caller's environment would override the NAME set here.
    foreign = {f"{name}_FILE" for name in task.env}
    inherited = {name: value for name, value in os.environ.items() if name not in foreign}
    told = {"NOTIFY_SOCKET": "", "WATCHDOG_USEC": ""}  # not those of this process
    if task.patience_s:
        told["NOTIFY_SOCKET"] = f"@{_name_of(task)}"
        told["WATCHDOG_USEC"] = str(int(task.patience_s * 1_000_000))
    return {**inherited, "PYTHONUNBUFFERED": "1", **told, **task.env}


def _name_of(task: ProcessSpec) -> str:
    return f"legwatch-up-{os.getpid()}-{task.name}"


def _line_of(task: ProcessSpec) -> socket.socket | None:
    """Return what a program says of itself to its manager, as systemd would hear it."""
    if not task.patience_s:
        return None
    line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        line.bind(f"\0{_name_of(task)}")
    except OSError:
        line.close()
        raise
    line.setblocking(False)
    return line


def _read(stream: IO[bytes], name: str, aside: bool, events: SimpleQueue[ProcessEvent]) -> None:  # noqa: FBT001 - a thread's arguments have no keywords here
    for raw in stream:
        events.put(OutputLine(name, raw.decode("utf-8", "replace").rstrip("\r\n"), aside))
    stream.close()  # not after a failure: the guard reads on
