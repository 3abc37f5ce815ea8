"""Keep the children running: start them in order, start them again, end them in order."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue

from legwatch_runtime.backoff import Backoff
from legwatch_server.supervisor import broker as brokers
from legwatch_server.supervisor.config import GeneratedConfig
from legwatch_server.supervisor.log import Log
from legwatch_server.supervisor.process import (
    OutputLine,
    Process,
    ProcessEvent,
    ProcessSpec,
    StopSignal,
)

LOOK_S = 0.1
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 30.0
WELL_S = 60.0  # a child that lived this long is not in a row of failures
READY_S = 15.0
LISTENING = "legwatch/v1/+/window"  # the broker says so when the server has subscribed
# Of the three seconds that an end may take: agent first, so that its last word is heard.
END_S = {"agent": 0.7, "server": 1.4, "broker": 2.0}
SETTINGS_WRONG = 2
SHOWN = {"WARNING", "ERROR", "CRITICAL"}


@dataclass(slots=True)
class Slot:
    """One task and the child that is at it."""

    task: ProcessSpec
    log: Log
    process: Process | None = None
    started_s: float = 0.0
    again_s: float = 0.0  # not to be started before
    backoff: Backoff = field(default_factory=lambda: Backoff(FIRST_WAIT_S, LONGEST_WAIT_S))
    finished: bool = False
    hopeless: bool = False  # it says that its settings are wrong
    last_line: str = ""


class Supervisor:
    """The three children. One thread, the main one, does everything here."""

    def __init__(self, config: GeneratedConfig, logs: Path, *, show: Callable[[str], None]) -> None:
        self.events: SimpleQueue[ProcessEvent] = SimpleQueue()
        self._config = config
        self._show = show
        self._listening = False  # the server has subscribed
        self._open, self._ask_s = False, 0.0  # the broker answers; when to ask it again
        logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        tasks = (config.broker.task, config.server, config.agent)
        self._slots = [Slot(task, Log(logs / f"{task.name}.log")) for task in tasks]

    @property
    def played(self) -> bool:
        """Whether the agent has played its recording to the end."""
        return any(slot.finished for slot in self._slots)

    def live(self) -> int:
        """Run until a signal comes (0), the agent has played all (0) or nothing can go on."""
        while True:
            for slot in self._slots:
                self._supervise(slot)
            worst = next((p for p in self._slots if p.hopeless), None)
            if worst is not None:
                self._show(f"The {worst.task.name} cannot run: {worst.last_line}")
                return SETTINGS_WRONG
            if self.played:
                return 0
            if self._hear(LOOK_S):
                return 0

    def end(self) -> None:
        """End all children within three seconds, the agent first and the broker last."""
        begun_s = time.monotonic()
        for slot in reversed(self._slots):
            if slot.process is not None:
                slot.process.ask()
                slot.process.wait(begun_s + END_S[slot.task.name] - time.monotonic())
        for slot in self._slots:
            if slot.process is not None:
                slot.process.finish()
        while not self.events.empty():
            self._hear(0)

    def _supervise(self, slot: Slot) -> None:
        if slot.process is None:
            due = not slot.finished and time.monotonic() >= slot.again_s
            if due and self._may_start(slot.task.name):
                slot.process = Process(slot.task, self.events)
                slot.started_s = time.monotonic()
        elif slot.process.code is not None:
            self._ended(slot, slot.process, slot.process.code)

    def _ended(self, slot: Slot, process: Process, code: int) -> None:
        process.finish()
        slot.process = None
        while not self.events.empty():
            self._hear(0)
        self._listening &= slot.task.name == "agent"
        self._open &= slot.task.name != "broker"
        if code == 0 and slot.task.may_finish:
            slot.finished = True
        elif code == SETTINGS_WRONG and slot.task.name != "broker":
            slot.hopeless = True
        else:
            self._again(slot, code)

    def _again(self, slot: Slot, code: int) -> None:
        if time.monotonic() - slot.started_s > WELL_S:
            slot.backoff.reset()
        wait_s = slot.backoff.next_s()
        self._show(
            f"The {slot.task.name} ended ({_ending(code)}); "
            f"it is started again in {wait_s:.0f} s."
            + (f" Its last word: {slot.last_line}" if slot.last_line else "")
        )
        slot.again_s = time.monotonic() + wait_s

    def _may_start(self, name: str) -> bool:
        """Say whether what a child needs is there; an impatient agent would only send late."""
        if name == "broker":
            return True
        if not self._broker_open():
            return False
        if name == "server" or self._listening:
            return True
        server = self._slots[1]
        return server.process is not None and time.monotonic() - server.started_s > READY_S

    def _broker_open(self) -> bool:
        """Say whether the broker answers; it logs each question, so ask it now and then only."""
        now_s = time.monotonic()
        if not self._open and now_s >= self._ask_s:
            self._open = brokers.listens(self._config.broker.port)
            self._ask_s = now_s + LOOK_S
        return self._open

    def _hear(self, seconds: float) -> bool:
        """Take one piece of news in; say whether it asks us to end."""
        try:
            events = self.events.get(timeout=seconds) if seconds else self.events.get_nowait()
        except Empty:
            return False
        if isinstance(events, StopSignal):
            return True
        self._said(events)
        return False

    def _said(self, output: OutputLine) -> None:
        slot = next(p for p in self._slots if p.task.name == output.name)
        slot.log.write(output.line)
        if output.line.strip():
            slot.last_line = output.line.strip()
        if output.name == "broker":
            self._listening |= LISTENING in output.line
        elif not output.aside:
            self._show(output.line)
        elif SHOWN.intersection(output.line.split()[:4]):
            self._show(f"{output.name}: {output.line}")


def _ending(code: int) -> str:
    return f"killed by signal {-code}" if code < 0 else f"exit code {code}"
