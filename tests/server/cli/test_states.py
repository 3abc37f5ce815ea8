"""Every command beside every state of the store: one sentence, the right one, and what to do."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from legwatch.__main__ import main
from legwatch_server.store import reader
from legwatch_server.store.reader import FILE
from server.loaded_house import LoadedHouse

NOBODY = 65534
HISTORY = {"enabled": True, "url": "http://127.0.0.1:9"}
COMMANDS = {
    "duty": ("duty",),
    "alerts": ("alerts",),
    "explain": ("alerts", "explain", "1"),
    "seen": ("alerts", "seen", "1"),
    "quiet": ("alerts", "quiet", "--all", "b"),
    "learned": ("learned",),
    "settings": ("settings",),
    "storage": ("storage",),
    "history": ("history", "--once"),
}


class State(NamedTuple):
    """Makes a state of the store; a sentence says so with these words."""

    make: Callable[[Path, ExitStack], None]
    words: tuple[str, ...]


def _version(number: int) -> Callable[[Path, ExitStack], None]:
    def make(folder: Path, _: ExitStack) -> None:
        with closing(sqlite3.connect(folder / FILE)) as db:
            db.execute("UPDATE meta SET value=? WHERE key='schema'", (str(number),))
            db.commit()

    return make


def _instead(content: bytes | None) -> Callable[[Path, ExitStack], None]:
    def make(folder: Path, _: ExitStack) -> None:
        for file in folder.glob(f"{FILE}*"):
            file.unlink()
        if content is None:
            (folder / FILE).mkdir()
        else:
            (folder / FILE).write_bytes(content)

    return make


def _gone(folder: Path, _: ExitStack) -> None:
    (folder / FILE).unlink()


def _torn(folder: Path, _: ExitStack) -> None:
    with (folder / FILE).open("r+b") as file:
        for page in range(1, (folder / FILE).stat().st_size // 4096):
            file.seek(page * 4096)
            file.write(b"\xa5" * 4096)


def _held(folder: Path, at_end: ExitStack) -> None:
    db = at_end.enter_context(closing(sqlite3.connect(folder / FILE, isolation_level=None)))
    db.execute("PRAGMA locking_mode=EXCLUSIVE")
    db.execute("BEGIN EXCLUSIVE")


STATES = {
    "newer": State(_version(9), ("is of a newer legwatch (schema 9", "update this legwatch")),
    "older": State(_version(2), ("is of an older legwatch (schema 2", "start the server")),
    "no database": State(_instead(b"not a database\n" * 400), ("damaged", "restart the server")),
    "empty": State(_instead(b""), ("is empty", "start the server")),
    "folder": State(_instead(None), ("is a folder", "move it away")),
    "torn": State(_torn, ("damaged", "restart the server")),
    "held": State(_held, ("is held by another program", "try again")),
    "none yet": State(_gone, ("there is no ", "start the server")),
}
FINE = {("duty", "none yet"), ("settings", "none yet")}  # they know enough without a store


@contextmanager
def as_nobody() -> Iterator[None]:
    os.setresgid(NOBODY, NOBODY, 0)
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)
        os.setresgid(0, 0, 0)


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let a command that runs for long change nothing of this process, and wait for no lock."""
    monkeypatch.setattr(reader, "LOOK_PATIENCE_S", 0.01)
    monkeypatch.setattr("legwatch_server.history.run.log_to_stderr", lambda: None)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a server that has run; its files are copied for each test."""
    house = LoadedHouse(tmp_path_factory.mktemp("stored"), history=HISTORY)
    house.end()
    return house.folder


@pytest.fixture
def folder(stored: Path) -> Iterator[Path]:
    """Yield a copy of it, in a folder that everybody may pass through."""
    with tempfile.TemporaryDirectory() as made:
        Path(made).chmod(0o755)
        state = Path(made) / "state"
        shutil.copytree(stored, state)
        text = (stored.parent / "server.toml").read_text()
        (Path(made) / "server.toml").write_text(text.replace(str(stored), str(state)))
        yield state


def _said(
    capsys: pytest.CaptureFixture[str], folder: Path, words: tuple[str, ...]
) -> tuple[int, list[str]]:
    capsys.readouterr()
    code = main([*words, "--config", str(folder.with_name("server.toml"))])
    return code, capsys.readouterr().err.splitlines()


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("command", COMMANDS)
def test_one_sentence_names_the_file_and_what_to_do(
    command: str,
    state: str,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with ExitStack() as at_end:
        STATES[state].make(folder, at_end)
        code, said = _said(capsys, folder, COMMANDS[command])
    if (command, state) in FINE:
        assert said == []
        return
    assert code == 1
    (sentence,) = said
    assert str(folder / FILE) in sentence
    for words in STATES[state].words:
        assert words in sentence


def _closed_folder(folder: Path) -> None:
    folder.chmod(0o700)


def _closed_file(folder: Path) -> None:
    folder.chmod(0o755)
    (folder / FILE).chmod(0o600)


def _without_shm(folder: Path) -> None:
    """Let all be read, and nothing be written: SQLite cannot make the file that it needs."""
    for file in folder.glob(f"{FILE}-*"):
        file.unlink()
    folder.chmod(0o755)
    (folder / FILE).chmod(0o644)


RIGHTS: dict[str, Callable[[Path], None]] = {
    "folder": _closed_folder,
    "file": _closed_file,
    "without -shm": _without_shm,
}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("rights", RIGHTS)
@pytest.mark.parametrize("command", COMMANDS)
def test_another_user_hears_whose_it_is_and_as_whom_to_run_it(
    command: str, rights: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if command != "history":  # it would wait for its store
        _said(capsys, folder, COMMANDS[command])  # nobody may not import what root has not yet
    RIGHTS[rights](folder)
    with as_nobody():
        code, said = _said(capsys, folder, COMMANDS[command])
    assert code == 1
    (sentence,) = said
    assert str(folder) in sentence
    assert "belongs to root:root" in sentence
    assert "run it with sudo" in sentence


@pytest.mark.parametrize("state", STATES)
def test_check_config_needs_no_store(
    state: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ExitStack() as at_end:
        STATES[state].make(folder, at_end)
        assert main(["check-config", str(folder.with_name("server.toml"))]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_check_config_says_that_it_may_not_see_the_changes(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(folder.with_name("server.toml"))
    assert main(["check-config", file]) == 0
    folder.chmod(0o700)
    with as_nobody():
        assert main(["check-config", file]) == 1
    (sentence,) = capsys.readouterr().err.splitlines()
    assert "run it with sudo" in sentence


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("command", [*COMMANDS, "check-config"])
def test_of_settings_that_may_not_be_read_it_is_said_as_whom_to_run_it(
    command: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = folder.with_name("server.toml")
    file.chmod(0o600)
    with as_nobody():
        if command == "check-config":
            code = main(["check-config", str(file)])
        else:
            code = main([*COMMANDS[command], "--config", str(file)])
    assert code == 1
    (sentence,) = capsys.readouterr().err.splitlines()
    assert f"{file} belongs to root:root" in sentence
    assert "run it with sudo" in sentence
