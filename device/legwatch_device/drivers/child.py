"""A program in a process of its own, that is asked for one line at a time, within a deadline.

A library that hangs, or ends the process, takes only this process with it; it is killed, and can be
started again. Its input ends with the agent, also if the agent was killed; then it has to end, too.
"""

import os
import select
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress

from legwatch_device.drivers import ReadFault
from legwatch_runtime.clock import instant

HANGS, ENDED = "hangs", "ended"
START_S = 12.0  # the libraries of a DHT22 need some seconds on a small Pi
ANSWER_S = 5.0
_DEAD_S = 1.0  # a process that waits for a device may outlive its kill for a while


class Child:
    """One such program; it is not started yet."""

    def __init__(
        self, command: Sequence[str], *, start_s: float = START_S, answer_s: float = ANSWER_S
    ) -> None:
        self._command, self._start_s, self._answer_s = command, start_s, answer_s
        self._process: subprocess.Popen[bytes] | None = None

    def begin(self) -> str:
        """Start the program and return its first line; raises ReadFault `hangs` or `ended`."""
        self.end()
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,  # Ctrl-C ends the agent, which ends it
        )
        return self._line(self._process, self._start_s)

    @property
    def pid(self) -> int | None:
        """The process, None if there is none."""
        return None if self._process is None else self._process.pid

    def ask(self) -> str:
        """Return the answer; raises ReadFault `hangs` or `ended`, and then it is gone."""
        process = self._process
        if process is None or process.stdin is None:
            raise ReadFault(ENDED)
        with suppress(BrokenPipeError):  # it has ended, and its output says so
            process.stdin.write(b"\n")
        return self._line(process, self._answer_s)

    def end(self) -> None:
        """Kill the program and all that it started."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_DEAD_S)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()

    def _line(self, process: subprocess.Popen[bytes], within_s: float) -> str:
        assert process.stdout is not None
        output, begun, found = process.stdout.fileno(), instant(), b""
        ready = select.poll()
        ready.register(output, select.POLLIN)
        while not found.endswith(b"\n"):
            left_s = max(0.0, within_s - instant().since(begun))
            if not ready.poll(left_s * 1000):
                self.end()
                raise ReadFault(HANGS)
            part = os.read(output, 4096)
            if not part:
                self.end()
                raise ReadFault(ENDED)
            found += part
        return found.decode("utf-8", "replace")
