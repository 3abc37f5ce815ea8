"""The guard of threads: none ends or hangs unseen."""

import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

from legwatch_runtime import part as parts_module
from legwatch_runtime.part import OnFailure, Part, Parts

ERRORS = [
    RuntimeError("broken"),
    MemoryError(),
    SystemExit(3),
    RecursionError(),
    KeyboardInterrupt(),
]


class Machine:
    """Time that stands still until it is moved; ends instead of an end of the process."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.ends: list[str] = []
        self.parts = Parts(end=self.ends.append, elapsed_s=lambda: self.now_s)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setattr(parts_module, "FIRST_PAUSE_S", 0.0)
    return Machine()


def failing(error: BaseException, times: int) -> tuple[Callable[[], None], list[int]]:
    runs: list[int] = []

    def run() -> None:
        runs.append(1)
        if len(runs) <= times:
            raise error

    return run, runs


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_part_that_fails_is_started_again_and_counted(
    machine: Machine, error: BaseException
) -> None:
    run, runs = failing(error, times=2)
    part = machine.parts.add("reader", run)
    part.start()
    part.join(10)
    assert len(runs) == 3
    assert part.failures == 2
    assert type(error).__name__ in part.why
    assert machine.ends == []


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_part_without_which_nothing_goes_ends_the_process(
    machine: Machine, error: BaseException
) -> None:
    run, _ = failing(error, times=1)
    part = machine.parts.add("writer", run, on_failure=OnFailure.END)
    part.guard()
    assert machine.ends[0].startswith(f"the part writer failed: {type(error).__name__}")


def test_pauses_grow_while_it_fails_and_others_hear_of_it(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts_module, "FIRST_PAUSE_S", 1.0)
    run, _ = failing(ValueError("no"), times=8)
    part = machine.parts.add("reader", run)
    pauses: list[float] = []
    said: list[str] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        said.extend(machine.parts.wrong())

    monkeypatch.setattr(part, "_pause", pause)
    part.guard()
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    assert said[0] == "the part reader failed 1 times, at last with ValueError: no"


def test_one_failure_is_over_when_the_part_runs_again(machine: Machine) -> None:
    running, go_on = threading.Event(), threading.Event()
    runs: list[int] = []

    def run() -> None:
        runs.append(1)
        if len(runs) == 1:
            raise MemoryError
        running.set()
        go_on.wait(10)

    part = machine.parts.add("reader", run)
    part.start()
    assert running.wait(10)
    assert list(machine.parts.wrong()) == []
    assert machine.parts.well()
    go_on.set()
    part.join(10)
    assert machine.parts.all() == []


def test_a_part_that_hangs_is_as_dead_as_one_that_ended(machine: Machine) -> None:
    running, go_on = threading.Event(), threading.Event()

    def run() -> None:
        running.set()
        go_on.wait(10)

    part = machine.parts.add("reader", run, within_s=30)
    part.start()
    assert running.wait(10)
    machine.now_s = 31
    assert list(machine.parts.wrong()) == ["the part reader has hung for 31 s"]
    assert not machine.parts.well()
    part.turned()
    assert list(machine.parts.wrong()) == []
    assert machine.parts.well()
    go_on.set()
    part.join(10)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_is_gone_in_spite_of_its_guard_is_told(machine: Machine) -> None:
    part = machine.parts.add("reader", lambda: None)

    def broken(_self: Part) -> None:
        raise MemoryError

    part.guard = lambda: broken(part)  # type: ignore[method-assign]
    part.start()
    part.join(10)
    assert list(machine.parts.wrong()) == ["the part reader has ended: nobody knows why"]
    assert not machine.parts.well()


def test_a_part_that_fails_at_the_end_is_not_started_again(machine: Machine) -> None:
    machine.parts.stopping.set()
    run, runs = failing(RuntimeError(), times=9)
    machine.parts.add("reader", run).guard()
    assert len(runs) == 1


def test_a_thread_of_a_library_ends_the_process(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    machine.parts.guard_other_threads()

    def run() -> None:
        raise SystemExit(0)

    thread = threading.Thread(target=run, name="callbacks")
    thread.start()
    thread.join(10)
    line = run.__code__.co_firstlineno + 1
    assert machine.ends == [f"the thread callbacks failed: SystemExit: 0 ({__file__}:{line})"]


def test_the_end_of_the_process_is_one_sentence_and_code_1() -> None:
    program = (
        "import threading; from legwatch_runtime.part import OnFailure, Parts\n"
        "from legwatch_runtime.log import log_to_stderr\n"
        "log_to_stderr()\n"
        "def run(): raise MemoryError\n"
        "Parts().add('writer', run, on_failure=OnFailure.END).start()\n"
        "threading.Event().wait()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=30
    )
    assert done.returncode == 1
    assert done.stderr == (
        "CRITICAL the part writer failed: MemoryError; the process ends, so that it can be started "
        "again\n"
    )
