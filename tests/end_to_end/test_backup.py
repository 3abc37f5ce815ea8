"""A backup of a running server, put back on a new machine: the bed is watched on there."""

import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from end_to_end.house import LEGWATCH, House, wait_until, write_night
from legwatch.testing import night, uncovering

pytestmark = pytest.mark.end_to_end


def legwatch(*words: str) -> str:
    done = subprocess.run(
        [*LEGWATCH, *words], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def windows(database: Path) -> list[int]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        return [end for (end,) in db.execute("SELECT to_ms FROM windows ORDER BY to_ms")]


def test_a_backup_of_a_running_server_goes_on_elsewhere(house: House, tmp_path: Path) -> None:
    words = tmp_path / "passphrase"
    words.write_text("correct horse battery")
    made, new = tmp_path / "b.age", tmp_path / "new"
    with_words = ("--passphrase-file", str(words))
    file = write_night(night(minutes=600, leg=uncovering((120, 160))), tmp_path / "night.csv")
    house.broker()
    old = house.server()
    house.agent("anna", file, speed=1200)
    house.wait_windows(300)
    said = legwatch(
        *("backup", str(made), "--config", str(house.server_toml)),
        *(
            "--encrypt",
            "--keys",
            *with_words,
            "--agent-config",
            str(house.folder / "agent-anna.toml"),
        ),
    )
    assert "It was opened again and is whole" in said
    assert "In it: server.toml, agent.toml, legwatch.db; 1 file with keys" in said
    house.wait_windows(len(windows(house.folder / "server" / "legwatch.db")) + 100)
    old.stop()
    new.mkdir()
    at = ("--settings", str(new), "--state", str(new / "state"))
    assert "Put back:" in legwatch("restore", str(made), *at, *with_words)
    before = windows(new / "state" / "legwatch.db")
    house.write_server(state_dir=str(new / "state"))
    server = house.server()
    wait_until(
        lambda: len(windows(new / "state" / "legwatch.db")) > len(before) + 500,
        "windows in the new place",
    )
    assert "damaged" not in server.said()
    after = windows(new / "state" / "legwatch.db")
    assert after[: len(before)] == before
    assert len(set(after)) == len(after)
    assert "anna" in legwatch("now", "--config", str(house.server_toml))
