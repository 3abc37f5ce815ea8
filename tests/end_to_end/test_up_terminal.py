"""`legwatch up` and what it was started from: a terminal that is closed, nohup, systemd."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from tomlkit import dumps as dump

from end_to_end.house import LEGWATCH, Process, wait_until, write_night
from end_to_end.test_up import alive, children_of
from legwatch.testing import night
from repository import need

pytestmark = pytest.mark.usefixtures("mosquitto")


class Terminal:
    """`legwatch up` as the first program of a terminal of its own."""

    def __init__(self, *words: str) -> None:
        self._screen, inside = os.openpty()
        os.set_blocking(self._screen, False)
        self.up = subprocess.Popen(
            [need("setsid", "util-linux"), "--ctty", *LEGWATCH, "up", *words],
            stdin=inside,
            stdout=inside,
            stderr=inside,
        )
        os.close(inside)
        self._shown = b""

    def wait_for(self, word: str, within_s: float = 30) -> None:
        end_s = time.monotonic() + within_s
        while word not in self.shown():
            assert time.monotonic() < end_s, f"not shown: {word}; but {self.shown()}"
            time.sleep(0.05)

    def shown(self) -> str:
        try:
            while more := os.read(self._screen, 65536):
                self._shown += more
        except OSError:  # nothing more, or it has ended
            pass
        return self._shown.decode()

    def close(self) -> None:
        os.close(self._screen)


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[tuple[str, ...]]:
    """Return the words for a watch on the bed anna."""
    agent = tmp_path / "agent.toml"
    sensors = {"leg": {"driver": "simulated"}, "movement": {"driver": "simulated"}}
    agent.write_text(dump({"bed": "anna", "window_s": 1, "sensors": sensors}))
    state = tmp_path / "state"
    yield ("--state", str(state), "--agent-config", str(agent))
    for pid in children_of(os.getpid()):  # what a failed test has left
        os.kill(pid, signal.SIGKILL)


def test_closing_the_terminal_is_announced_ends_everything_and_is_told(
    watch: tuple[str, ...], tmp_path: Path
) -> None:
    terminal = Terminal(*watch)
    terminal.wait_for("Ctrl-C ends it. So does closing this terminal; see `To make it last`")
    end_s = time.monotonic() + 30
    while len(children := children_of(terminal.up.pid)) < 3:
        assert time.monotonic() < end_s, terminal.shown()
        time.sleep(0.05)
    terminal.close()
    terminal.up.wait(30)
    assert alive(children) == []
    again = Process((*LEGWATCH, "up", *watch), tmp_path / "again.log")
    wait_until(lambda: "Watching the bed" in again.said(), "its first word")
    again.stop()
    told, *rest = again.said().splitlines()
    assert " the terminal was closed, and that ended the watch on the bed 'anna'; " in told
    assert told.endswith("see `To make it last` in the README.")
    # It has no terminal now, and the last end is told once.
    assert not [line for line in rest if "the terminal" in line or "this terminal" in line]


def test_a_hangup_is_answered_with_one_line(watch: tuple[str, ...], tmp_path: Path) -> None:
    up = Process((*LEGWATCH, "up", *watch), tmp_path / "up.log")
    wait_until(lambda: "Watching the bed" in up.said(), "its first word")
    time.sleep(0.5)  # its own start, it has no door to knock at
    up.signal(signal.SIGHUP)
    assert up.wait(10) == 0
    assert up.said().count("the terminal was closed") == 1


def test_started_with_nohup_it_outlives_its_terminal(tmp_path: Path) -> None:
    played = write_night(night(minutes=600), tmp_path / "night.csv")
    agent = tmp_path / "agent.toml"
    agent.write_text(dump({"bed": "anna", "recording": {"file": str(played), "speed": 60}}))
    words = ("up", "--state", str(tmp_path / "state"), "--agent-config", str(agent))
    up = Process(("nohup", *LEGWATCH, *words), tmp_path / "up.log")
    wait_until(lambda: "Playing a recording as the bed" in up.said(), "its first word")
    time.sleep(0.5)
    up.signal(signal.SIGHUP)
    time.sleep(1)
    assert up.code is None
    assert up.stop() == 0


def silent(manager: socket.socket, within_s: float) -> list[str]:
    """Return what was said until nothing more was said for so long."""
    manager.settimeout(within_s)
    said: list[str] = []
    with suppress(TimeoutError, BlockingIOError):
        while len(said) < 100:
            said.append(manager.recv(100).decode())
    assert len(said) < 100
    return said


def test_systemd_hears_that_it_is_up_and_that_it_looks_after_its_children(
    watch: tuple[str, ...], tmp_path: Path
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(30)
        env = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "2000000"}
        up = Process((*LEGWATCH, "up", *watch), tmp_path / "up.log", env)
        try:
            heard: list[str] = []
            while heard.count("WATCHDOG=1") < 4 or "READY=1" not in heard:
                heard.append(manager.recv(100).decode())
            assert heard.count("READY=1") == 1
            os.kill(up.pid, signal.SIGSTOP)
            silent(manager, 2)
            os.kill(up.pid, signal.SIGCONT)
        finally:
            up.stop()
        assert silent(manager, 0)[-1] == "STOPPING=1"
