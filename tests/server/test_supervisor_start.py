"""A child of `legwatch up` for which the machine has nothing left does not end the others."""

import os
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from legwatch_runtime.clock import instant
from legwatch_runtime.part import Part, Parts
from legwatch_server.supervisor.broker import BrokerProcess
from legwatch_server.supervisor.config import GeneratedConfig
from legwatch_server.supervisor.process import ProcessSpec
from legwatch_server.supervisor.supervisor import READY_S, Supervisor


@contextmanager
def files_left(number: int) -> Iterator[None]:
    """Let this process open so many files more at most, as on a machine that is short of them."""
    lowest = os.dup(2)
    os.close(lowest)
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + number, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


class Up:
    """`legwatch up` without its loop."""

    def __init__(self, folder: Path) -> None:
        self.said: list[str] = []
        sleeps = (sys.executable, "-IS", "-c", "import time; time.sleep(60)")
        broker = BrokerProcess(ProcessSpec("broker", sleeps, patience_s=30.0), 1, {})
        config = GeneratedConfig(broker, ProcessSpec("server", ()), ProcessSpec("agent", ()))
        self.supervisor = Supervisor(config, folder / "logs", show=self.said.append, parts=Parts())
        self.broker = self.supervisor._slots[0]

    def turn(self) -> None:
        self.supervisor._supervise(self.broker)

    def runs(self) -> bool:
        return self.broker.process is not None and self.broker.process.code is None

    def wait(self) -> None:
        self.broker.again = self.broker.started


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    made = Up(tmp_path)
    yield made
    made.supervisor.end()


@pytest.mark.parametrize("left", [0, 1, 4])
def test_a_child_without_a_file_for_it_is_started_later(up: Up, left: int) -> None:
    with files_left(left):
        up.turn()
        up.turn()
    why = "The broker cannot be started (Too many open files); it is started again in 1 s."
    assert up.said == [why]
    assert not up.runs()
    up.wait()
    up.turn()
    assert up.runs()


def test_a_child_without_a_thread_for_its_output_is_started_later(
    up: Up, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_left(_part: Part) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(Part, "start", none_left)
        up.turn()
    assert not up.runs()
    assert "(no thread can be started for its output); it is started again" in up.said[0]
    up.wait()
    up.turn()
    assert up.runs()


@pytest.mark.parametrize(("recording", "starts"), [(False, True), (True, False)])
def test_only_an_agent_that_plays_a_recording_waits_for_ever_for_a_slow_server(
    tmp_path: Path, recording: bool, starts: bool
) -> None:
    agent = ProcessSpec("agent", (), may_finish=recording)
    config = GeneratedConfig(BrokerProcess(ProcessSpec("broker", ()), 1, {}), agent, agent)
    supervisor = Supervisor(config, tmp_path / "logs", show=list[str]().append, parts=Parts())
    supervisor._open = True
    supervisor._unheard = instant().after(-2 * READY_S)
    assert supervisor._may_start("agent") is starts
    supervisor._listening = True
    assert supervisor._may_start("agent")
    supervisor.end()


@pytest.mark.parametrize("before", [0, 1])
def test_an_agent_whose_settings_are_wrong_ends_all_at_its_first_start_only(
    up: Up, before: int
) -> None:
    """Later, such as when its driver was taken out, the server has to tell that nobody watches."""
    agent = up.supervisor._slots[2]
    agent.starts = before
    wrong = (sys.executable, "-IS", "-c", "raise SystemExit(2)")
    agent.task = ProcessSpec("agent", wrong, patience_s=30.0)
    up.supervisor._start(agent)
    assert agent.process is not None
    agent.process.wait(30.0)
    while agent.process.code is None:
        up.supervisor._handle_event(0.1)
    up.supervisor._ended(agent, agent.process, agent.process.code)
    assert agent.hopeless == (before == 0)
