"""A real process that may not use another user's files says whose they are, and what helps."""

import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tomlkit import dumps as dump

from end_to_end.house import LEGWATCH, House, Process, free_port, wait_until, write_night
from legwatch.testing import night as minutes
from legwatch_server.store.database import SqliteStore
from repository import need

NOBODY = 65534
RIGHTS = "-dac_override,-dac_read_search"  # with these, root may use all files
ORDINARY = ("setpriv", "--bounding-set", RIGHTS, "--inh-caps", RIGHTS)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state folder of nobody."""
    if os.geteuid() != 0:
        pytest.skip("only root can give files to another user")
    need("setpriv")
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    os.chown(folder, NOBODY, -1)
    return folder


def said(state: Path, command: str = "server") -> str:
    """Return the only line of a command that may not do more than any other user."""
    config = state.parent / "server.toml"
    http = {"host": "127.0.0.1", "port": free_port()}
    config.write_text(dump({"state_dir": str(state), "zone": "UTC", "http": http}))
    words = (*ORDINARY, *LEGWATCH, command, "--config", str(config))
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1, done.stderr
    (line,) = (one for one in done.stderr.splitlines() if not one.startswith("INFO night is "))
    return line


def test_a_state_dir_of_another_user(state: Path) -> None:
    line = said(state)
    assert "/changes.toml cannot be read: Permission denied; " in line
    assert f"{state} belongs to nobody:root (drwx------), this runs as root: " in line
    assert line.endswith("run it with sudo -u nobody")


def test_a_state_dir_of_another_user_that_may_be_read(state: Path) -> None:
    state.chmod(0o755)
    line = said(state)
    assert f"{state} cannot be written: Permission denied; {state} belongs to nobody:" in line
    assert line.endswith(f"(drwxr-xr-x), this runs as root: chown -R root {state}")


@pytest.mark.parametrize("command", ["duty", "alerts", "learned"])
def test_a_command_that_may_not_read_the_folder_of_the_server(state: Path, command: str) -> None:
    line = said(state, command)
    assert line.startswith(f"legwatch {command}: {state}/changes.toml cannot be read: Permission")
    assert line.endswith("run it with sudo -u nobody")


def test_a_state_dir_that_cannot_be_made(state: Path) -> None:
    state.chmod(0o755)
    line = said(state / "legwatch")
    assert f"{state} belongs to nobody:root (drwxr-xr-x), this runs as root" in line
    assert line.endswith(f"install -d -o root {state / 'legwatch'}")


def test_a_database_of_another_user(state: Path) -> None:
    """As after one start as another user."""
    database = state / "legwatch.db"
    SqliteStore(database).close()
    database.chmod(0o600)
    os.chown(database, NOBODY, -1)
    os.chown(state, 0, 0)
    line = said(state)
    assert f"{database} cannot be used: unable to open database file; {database} belongs" in line
    assert line.endswith(f"(-rw-------), this runs as root: chown -R root {database}")


def test_a_spool_of_another_user(state: Path) -> None:
    """The agent watches on from memory, and says why."""
    spool = state / "spool.db"
    spool.touch(mode=0o600)
    os.chown(spool, NOBODY, -1)
    os.chown(state, 0, 0)
    config = state.parent / "agent.toml"
    config.write_text(dump({"bed": "anna", "state_dir": str(state), "mqtt": {"port": 1}}))
    agent = Process((*ORDINARY, *LEGWATCH, "agent", "--config", str(config)), state.parent / "log")
    try:
        wait_until(lambda: "agent up" in agent.said(), "the agent")
    finally:
        agent.stop()
    assert f"(unable to open database file; {spool} belongs to nobody:" in agent.said()
    assert f"this runs as root: chown -R root {spool})" in agent.said()


@pytest.fixture
def _open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("_open_umask")
def test_what_the_programs_write_is_for_their_owner_only_whatever_the_umask(house: House) -> None:
    house.broker()
    config = str(house.write_server(beds={"anna": {"played": True}}))
    words = ("settings", "--config", config, "set", "zone", "Europe/Berlin")
    subprocess.run([*LEGWATCH, *words], check=True, capture_output=True, timeout=60)
    server = house.server()
    night = house.folder / "night.csv"
    agent = house.agent("anna", write_night(minutes(minutes=3), night), speed=60)
    house.wait_windows(1)
    folders = [house.folder / "server", house.folder / "agent-anna"]
    rights = {
        f"{folder.name}/{path.name}": stat.filemode(path.stat().st_mode)
        for folder in folders
        for path in folder.iterdir()
    }
    agent.stop()
    server.stop()
    names = ("legwatch.db", "legwatch.db-wal", "answer.key", "changes.toml", "server.lock")
    assert {*(f"server/{name}" for name in names), "agent-anna/spool.db"} <= rights.keys()
    assert set(rights.values()) == {"-rw-------"}, rights
    assert {stat.filemode(folder.stat().st_mode) for folder in folders} == {"drwx------"}
