"""Lamp and buzzer in a thread of their own: one that hangs or cannot start delays no window."""

import queue
import threading
from collections.abc import Callable
from typing import Any

from legwatch.contract.bedside_command import Command, CommandResult
from legwatch_device.drivers import Signal
from legwatch_device.indicator import Indicator
from legwatch_device.starting import Starting
from legwatch_runtime.clock import Clock
from legwatch_runtime.part import Parts

LOOK_S = 1.0  # between two looks whether a lamp has been lit for too long
MOST_WAITING = 100  # commands that wait for a lamp that hangs; the server asks again
END_S = 1.0  # how long the end of the agent waits for the lamp to go out
CALM = object()


class Beacon:
    """Passes commands on to an `Indicator`; `answer` gets the results, from the other thread."""

    def __init__(
        self,
        start: Callable[[], Signal] | None,
        clock: Clock,
        answer: Callable[[CommandResult], Any],
        parts: Parts,
        driver: str = "its driver",
    ) -> None:
        self._indicator, self._answer = Indicator(None, clock, driver), answer
        self._start = start
        self.starting = None if start is None else Starting("lamp and buzzer", self._opened, driver)
        self._asked: queue.Queue[Any] = queue.Queue(maxsize=MOST_WAITING)
        self._stop = threading.Event()
        self._part = parts.add("signal", self._run, within_s=float("inf"))
        self._start_part = parts.add("signal-start", self._open, within_s=float("inf"))

    def begin(self) -> None:
        """Start the threads."""
        self._part.start()
        if self.starting is not None:
            self._start_part.start()

    def obey(self, command: Command) -> None:
        """Carry out a command soon; without room for it the server asks again."""
        self._ask(command)

    def calm(self) -> None:
        """Put out lamp and buzzer soon."""
        self._ask(CALM)

    def watch(self) -> None:
        """Do nothing: the thread itself watches how long the lamp is lit."""

    def why(self) -> str:
        """Return why lamp and buzzer do not work; empty: they do, or there are none."""
        not_started = "" if self.starting is None else self.starting.why
        return not_started.removeprefix("signal: ") or self._indicator.why()

    def stop(self) -> None:
        """Put out lamp and buzzer, and end the thread; wait a moment for it."""
        self._ask(CALM)
        self._stop.set()
        self._part.join(END_S)

    def _ask(self, item: object) -> None:
        try:
            self._asked.put_nowait(item)
        except queue.Full:
            return

    def _opened(self) -> Signal:
        assert self._start is not None
        signal = self._start()
        self._indicator.use(signal)
        return signal

    def _open(self) -> None:
        if self.starting is not None:
            self.starting.wait(self._stop, self._start_part.turned)

    def _run(self) -> None:
        while not (self._stop.is_set() and self._asked.empty()):
            self._part.turned()
            try:
                item = self._asked.get(timeout=LOOK_S)
            except queue.Empty:
                self._indicator.watch()
                continue
            if item is CALM:
                self._indicator.calm()
                continue
            self._answer(self._result(item))

    def _result(self, command: Command) -> CommandResult:
        starting = self.starting
        if starting is not None and starting.why:
            return CommandResult(command.id, ok=False, why=starting.why)
        return self._indicator.obey(command)
