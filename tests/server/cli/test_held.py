"""A store that another program holds: commands that only read say so soon."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from legwatch.__main__ import main
from legwatch_server.store.reader import FILE
from server.loaded_house import LoadedHouse

LONGEST_S = 2.0
COMMANDS = {
    "duty": ("duty",),
    "alerts": ("alerts",),
    "explain": ("alerts", "explain", "1"),
    "learned": ("learned",),
    "settings": ("settings",),
    "beds": ("beds",),
    "now": ("now",),
    "storage": ("storage",),
}


@pytest.fixture
def file(tmp_path: Path) -> Iterator[str]:
    """Yield the settings of a server whose store another program holds."""
    house = LoadedHouse(tmp_path)
    house.server.idle(60_000)
    house.end()
    path = house.folder / FILE
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA locking_mode=EXCLUSIVE")
        db.execute("BEGIN EXCLUSIVE")
        yield str(house.file)


@pytest.fixture
def waits_s(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return for how long each connection would wait for a lock; none of them waits here."""
    asked: list[float] = []
    connect: Callable[..., sqlite3.Connection] = sqlite3.connect

    def at_once(*args: Any, timeout: float = 5.0, **more: Any) -> sqlite3.Connection:
        asked.append(timeout)
        return connect(*args, timeout=0.0, **more)

    monkeypatch.setattr(sqlite3, "connect", at_once)
    return asked


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_that_reads_says_it_in_one_sentence_and_soon(
    command: str, file: str, waits_s: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*COMMANDS[command], "--config", file]) == 1
    printed = capsys.readouterr()
    (sentence,) = printed.err.splitlines()
    assert "is held by another program" in sentence
    assert 0 < sum(waits_s) <= LONGEST_S


def test_check_config_says_what_it_could_not_compare(
    file: str, waits_s: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check-config", file]) == 0  # the file is good whoever holds the store
    printed = capsys.readouterr()
    assert printed.err == ""
    (sentence,) = [line for line in printed.out.splitlines() if "is held by" in line]
    assert "the beds that were heard are not known" in sentence
    assert 0 < sum(waits_s) <= LONGEST_S
