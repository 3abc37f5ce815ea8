"""What the manager of a process hears: that it is up, that it is well, that it ends."""

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from legwatch_runtime import systemd
from legwatch_runtime.part import Parts


class Manager:
    """Listens as systemd does."""

    def __init__(self, name: str) -> None:
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._line.bind(f"\0{name[1:]}" if name.startswith("@") else name)
        self._line.settimeout(0.0)

    def heard(self) -> list[str]:
        found = []
        while True:
            try:
                found.append(self._line.recv(100).decode())
            except BlockingIOError:
                return found

    def close(self) -> None:
        self._line.close()


@pytest.fixture(params=["file", "name"])
def manager(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Manager]:
    name = str(tmp_path / "s") if request.param == "file" else f"@legwatch-test-{os.getpid()}"
    monkeypatch.setenv("NOTIFY_SOCKET", name)
    monkeypatch.setenv("WATCHDOG_USEC", "60000000")
    made = Manager(name)
    yield made
    made.close()


def test_the_manager_hears_each_state(manager: Manager) -> None:
    for state in (systemd.READY, systemd.WELL, systemd.STOPPING):
        systemd.tell(state)
    assert manager.heard() == ["READY=1", "WATCHDOG=1", "STOPPING=1"]


def test_without_a_manager_nothing_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    monkeypatch.delenv("WATCHDOG_USEC", raising=False)
    systemd.tell(systemd.READY)
    assert systemd.patience_s() is None
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    systemd.tell(systemd.READY)  # one that has gone ends nothing


def test_a_part_that_hangs_starves_the_manager(
    manager: Manager, caplog: pytest.LogCaptureFixture
) -> None:
    now_s = [0.0]
    parts = Parts(elapsed_s=lambda: now_s[0])
    watchdog = systemd.Watchdog(parts)
    part = parts.add("writer", lambda: None, within_s=30)
    part._thread = threading.current_thread()
    watchdog.look()
    assert manager.heard() == ["WATCHDOG=1"]
    now_s[0] = 31
    watchdog.look()
    watchdog.look()
    assert manager.heard() == []
    assert caplog.text.count("the part writer has hung for 31 s; the process waits to be") == 1
    part.turned()
    watchdog.look()
    assert manager.heard() == ["WATCHDOG=1"]
