"""`legwatch up` and a child that hangs, or whose settings turn wrong while it runs."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue

import pytest

from legwatch_runtime.part import Parts
from legwatch_server.supervisor.broker import BrokerProcess
from legwatch_server.supervisor.config import GeneratedConfig
from legwatch_server.supervisor.process import Process, ProcessEvent, ProcessSpec
from legwatch_server.supervisor.supervisor import Supervisor

# A child that says it is up, and then what it is told to.
CHILD = """
import os, socket, sys, time
line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
def say(state):
    line.sendto(state, "\\0" + os.environ["NOTIFY_SOCKET"][1:])
if sys.argv[1] == "sleeps":
    time.sleep(1000)
say(b"READY=1")
if sys.argv[1] == "ends":
    sys.exit(2)
if sys.argv[1] == "fails":
    sys.exit(1)
while True:
    time.sleep(0.05)
    if sys.argv[1] == "well":
        say(b"WATCHDOG=1")
"""


def child(name: str, word: str, patience_s: float = 0.5) -> ProcessSpec:
    return ProcessSpec(name, (sys.executable, "-IS", "-c", CHILD, word), patience_s=patience_s)


def until(holds: Callable[[], object]) -> None:
    end_s = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end_s
        time.sleep(0.01)


def test_a_child_that_hangs_is_noticed_and_one_that_is_well_is_not() -> None:
    events: SimpleQueue[ProcessEvent] = SimpleQueue()
    well = Process(child("server", "well", 30.0), events, Parts())
    hung = Process(child("agent", "hangs"), events, Parts())
    until(hung.hangs)
    assert hung.ready
    assert not well.hangs()
    hung.abort()
    assert hung.code is not None
    for process in (well, hung):
        process.finish()


def test_a_child_that_hangs_in_its_start_is_noticed_later(monkeypatch: pytest.MonkeyPatch) -> None:
    process = Process(child("server", "sleeps"), SimpleQueue(), Parts())
    assert not process.hangs()
    monkeypatch.setattr("legwatch_server.supervisor.process.START_S", 0.5)
    until(process.hangs)
    assert not process.ready
    process.abort()
    process.finish()


@pytest.fixture
def up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Supervisor:
    monkeypatch.setattr("legwatch_server.supervisor.supervisor.FIRST_WAIT_S", 0.01)
    monkeypatch.setattr("legwatch_server.supervisor.broker.listens", lambda _port: True)
    broker = BrokerProcess(ProcessSpec("broker", ("sleep", "60")), 1, {})
    config = GeneratedConfig(broker, child("server", "hangs"), child("agent", "ends"))
    said.clear()
    return Supervisor(config, tmp_path / "logs", show=said.append, parts=Parts())


said: list[str] = []


def test_a_child_that_hangs_is_started_again(up: Supervisor) -> None:
    server = up._slots[1]

    def turn() -> bool:
        up._supervise(server)
        return any("The server ended" in line for line in said)

    until(turn)
    assert "The server hangs; it is ended and started again." in said
    up.end()


def test_settings_that_turn_wrong_while_a_child_runs_do_not_end_the_others(
    up: Supervisor,
) -> None:
    agent = up._slots[2]
    agent.was_up = False
    up._listening = True

    def turn() -> bool:
        up._supervise(agent)
        return any("The agent ended (exit code 2)" in line for line in said)

    until(turn)
    assert not agent.hopeless
    up.end()


def test_a_server_that_cannot_start_keeps_no_agent_from_running(
    up: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("legwatch_server.supervisor.supervisor.READY_S", 0.3)
    _, server, agent = up._slots
    server.task, agent.task = child("server", "fails"), child("agent", "well", 30.0)
    starts: list[Process] = []

    def turn() -> bool:
        for slot in (server, agent):
            up._supervise(slot)
        if server.process is not None and server.process not in starts:
            starts.append(server.process)
        return agent.process is not None and len(starts) > 1

    until(turn)
    assert agent.process is not None
    assert agent.process.code is None
    up.end()
