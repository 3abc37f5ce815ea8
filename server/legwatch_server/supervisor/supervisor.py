"""Keep the children running: start them in order, restart them, end them in order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from queue import Empty, SimpleQueue

from legwatch_runtime.backoff import Backoff
from legwatch_runtime.calls import Running
from legwatch_runtime.clock import Instant, instant
from legwatch_runtime.part import Parts
from legwatch_runtime.systemd import READY, Pulse, tell
from legwatch_server import left_out
from legwatch_server.supervisor import broker as brokers
from legwatch_server.supervisor.config import GeneratedConfig
from legwatch_server.supervisor.last_words import LastWords
from legwatch_server.supervisor.log import Log
from legwatch_server.supervisor.process import (
    OutputLine,
    Process,
    ProcessEvent,
    ProcessSpec,
    StopSignal,
)

LOOK_S = 0.1
LOOK_INTO_HOUSE_S = 1.0
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 30.0
WELL_S = 60.0  # after running this long, a child restarts after the shortest wait again
READY_S = 15.0
LISTENING = "legwatch/v1/+/window"  # the broker logs this topic when the server has subscribed
# Deadlines in the three seconds of the end; the agent ends first: its last message must arrive.
END_S = {"agent": 0.7, "server": 1.4, "broker": 2.0}
SETTINGS_WRONG = 2
SHOWN = {"WARNING", "ERROR", "CRITICAL"}


@dataclass(slots=True)
class Slot:
    """One child's specification, its process while it runs, and its restarts."""

    task: ProcessSpec
    log: Log
    process: Process | None = None
    started: Instant = field(default_factory=instant)
    again: Instant = field(default_factory=instant)  # do not start before
    backoff: Backoff = field(default_factory=lambda: Backoff(FIRST_WAIT_S, LONGEST_WAIT_S))
    finished: bool = False
    hopeless: bool = False  # its exit code says that the settings are wrong
    was_up: bool = False  # it has run with these settings
    starts: int = 0
    words: LastWords = field(default_factory=LastWords)
    row: left_out.Row = field(default_factory=left_out.Row)


class Supervisor:
    """Runs the children; call every method from the main thread."""

    def __init__(
        self, config: GeneratedConfig, logs: Path, *, show: Callable[[str], None], parts: Parts
    ) -> None:
        self.events: SimpleQueue[ProcessEvent] = SimpleQueue()
        self._config = config
        self._show = show
        self._listening = False  # the server has subscribed
        self._unheard: Instant | None = None  # since when it should have
        self.stopped_by = 0  # the signal that asked `legwatch up` to end
        self._pulse, self._up = Pulse(), False  # what systemd hears of us, if it has started us
        self._open, self._ask = False, instant()  # broker accepts connections; the next check
        self._parts = parts
        logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        tasks = (config.broker.task, config.server, *([config.agent] if config.agent else ()))
        self._slots = [Slot(task, Log(logs / f"{task.name}.log")) for task in tasks]
        self._look = instant()  # into the users of the house, not before
        self._let_in()

    @property
    def played(self) -> bool:
        """True if the agent has played its recording to the end."""
        return any(slot.finished for slot in self._slots)

    def live(self) -> int:
        """Run until a signal or the recording's end (0), or until settings are wrong (2)."""
        while True:
            for slot in self._slots:
                self._supervise(slot)
            self._look_into_the_house()
            self._tell_manager()
            worst = next((p for p in self._slots if p.hopeless), None)
            if worst is not None:
                self._show(f"The {worst.task.name} cannot run: {worst.words.line}")
                return SETTINGS_WRONG
            if self.played:
                return 0
            if self._handle_event(LOOK_S):
                return 0

    def end(self) -> None:
        """End all children within three seconds, the agent first and the broker last."""
        begun = instant()
        for slot in reversed(self._slots):
            if slot.process is not None:
                slot.process.ask()
                slot.process.wait(END_S[slot.task.name] - instant().since(begun))
        for slot in self._slots:
            if slot.process is not None:
                slot.process.finish()
        while not self.events.empty():
            self._handle_event(0)
        for slot in self._slots:
            slot.log.close()

    def _tell_manager(self) -> None:
        """Tell systemd once that the server is up, and then that this loop turns.

        The agent may come later: a bed without it is an alert, which the server sends.
        """
        server = next(slot.process for slot in self._slots if slot.task.name == "server")
        if not self._up and server is not None and server.ready:
            self._up = True
            tell(READY)
        self._pulse.beat()

    def _look_into_the_house(self) -> None:
        """Let the broker know whom somebody has let in or sent away."""
        house = self._config.broker.house
        if house is None or instant() < self._look:
            return
        self._look = instant().after(LOOK_INTO_HOUSE_S)
        broker = self._slots[0].process
        if house.changed():
            self._let_in()
            if broker is not None:
                broker.read_again()

    def _let_in(self) -> None:
        house = self._config.broker.house
        if house is not None and (wrong := house.write()):
            self._show(f"WARNING: {wrong}. Until then the broker lets in whom it knew before.")

    def _supervise(self, slot: Slot) -> None:
        if slot.process is None:
            due = not slot.finished and instant() >= slot.again
            if due and self._may_start(slot.task.name):
                self._start(slot)
        elif slot.process.code is not None:
            self._ended(slot, slot.process, slot.process.code)
        elif slot.process.hangs():
            self._show(f"The {slot.task.name} hangs; it is ended and started again.")
            slot.process.abort()

    def _start(self, slot: Slot) -> None:
        slot.started, slot.starts = instant(), slot.starts + 1
        if slot.task.name == "server" and self._unheard is None:
            self._unheard = slot.started
        try:
            slot.process = Process(slot.task, self.events, self._parts)
            slot.words = LastWords()
        except OSError as error:  # the other children go on
            self._again(slot, f"cannot be started ({error.strerror})")

    def _ended(self, slot: Slot, process: Process, code: int) -> None:
        process.hangs()  # reads what it has said last
        calling = process.calling()
        process.finish()
        slot.was_up |= process.ready
        slot.process = None
        while not self.events.empty():
            self._handle_event(0)
        if self._listening and slot.task.name != "agent":
            self._listening, self._unheard = False, instant()
        self._open &= slot.task.name != "broker"
        if code == 0 and slot.task.may_finish:
            slot.finished = True
        elif code == SETTINGS_WRONG and _ends_all(slot):
            slot.hopeless = True
        else:
            self._again(slot, f"ended ({_how_it_ended(code)})", code, calling)

    def _again(self, slot: Slot, how: str, code: int = 0, calling: Sequence[Running] = ()) -> None:
        if instant().since(slot.started) > WELL_S:
            slot.backoff.reset()
        wait_s = slot.backoff.next_s()
        self._show(
            f"The {slot.task.name} {how}; it is started again in {wait_s:.0f} s."
            + slot.words.at_end(code, slot.log.path, calling)
        )
        ran_s = instant().since(slot.started)
        if name := slot.row.ended(slot.words.blamed(code, calling), ran_s):
            slot.task = replace(slot.task, env=left_out.also(slot.task.env, name))
            self._show(
                f"The server has ended {left_out.IN_A_ROW} times in a row in a call of the channel"
                f" {name}; it is left out until legwatch is started again."
            )
        slot.again = instant().after(wait_s)

    def _may_start(self, name: str) -> bool:
        """Check what the child needs: the broker for the server, the server for the agent.

        An agent that starts too early sends its first windows late. After READY_S the agent starts
        even if the server has not subscribed, or does not run: it keeps what it measures. One that
        plays a recording has nothing to miss, and waits: its windows have to come in their order.
        """
        if name == "broker":
            return True
        if not self._broker_open():
            return False
        if name == "server" or self._listening:
            return True
        agent = self._config.agent
        if (agent is not None and agent.may_finish) or self._unheard is None:
            return False
        return instant().since(self._unheard) > READY_S

    def _broker_open(self) -> bool:
        """Check the broker's port, at most once each LOOK_S: the broker logs every check."""
        now = instant()
        if not self._open and now >= self._ask:
            self._open = brokers.listens(self._config.broker.port)
            self._ask = now.after(LOOK_S)
        return self._open

    def _handle_event(self, seconds: float) -> bool:
        """Handle one event; True if a signal asks `legwatch up` to end."""
        try:
            event = self.events.get(timeout=seconds) if seconds else self.events.get_nowait()
        except Empty:
            return False
        if isinstance(event, StopSignal):
            self.stopped_by = event.number
            return True
        self._handle_output(event)
        return False

    def _handle_output(self, output: OutputLine) -> None:
        slot = next(p for p in self._slots if p.task.name == output.name)
        slot.log.write(output.line)
        slot.words.hear(output.line)
        if output.name == "broker":
            self._listening |= LISTENING in output.line
        elif not output.aside:
            self._show(output.line)
        elif SHOWN.intersection(output.line.split()[:4]):
            self._show(f"{output.name}: {output.line}")


def _how_it_ended(code: int) -> str:
    return f"killed by signal {-code}" if code < 0 else f"exit code {code}"


def _ends_all(slot: Slot) -> bool:
    """Return True if settings that are wrong end the watch: at its start, when somebody sits by.

    Later the server has to go on: it tells people that no word comes from the bedside.
    """
    if slot.task.name == "agent" and slot.starts > 1:
        return False
    return slot.task.name != "broker" and not slot.was_up
