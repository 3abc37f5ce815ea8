"""Stores with years in them: an old one is brought up to date, and one of today answers as soon."""

import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from bench.big_store import Size, make
from bench.pipe import messages
from end_to_end.house import House
from legwatch_server.store import upgrade
from repository import REPO

pytestmark = pytest.mark.end_to_end

OLD = Size(1, 30, 600)
WAITING, COMING = 400, 400  # windows that wait at the broker, and that come while it starts


def test_an_old_store_is_brought_up_to_date_while_windows_come_in(tmp_path: Path) -> None:
    with House(tmp_path) as house:
        house.broker()
        house.server().stop()  # from now on the broker keeps windows for it
        path = house.folder / "server" / "legwatch.db"
        for rest in path.parent.glob("legwatch.db*"):
            rest.unlink()
        make(path, OLD, schema=2)
        bedside, coming = house.publisher(), list(messages(1, WAITING + COMING, calm=True))
        for message in coming[:WAITING]:
            bedside.publish(*message, qos=1)
        server = house.server(ready=False)
        for message in coming[WAITING:]:
            bedside.publish(*message, qos=1)
        house.wait_windows(OLD.total + len(coming))
        bedside.loop_stop()
        new = f"id>{OLD.total}"
        assert house.rows(f"SELECT count(*), count(DISTINCT seq) FROM windows WHERE {new}") == [
            (len(coming), len(coming))
        ]
        said = server.said()
    assert re.search(rf"from version 2 to {upgrade.VERSION} in \d\.\d s, after \d\.\d s for", said)
    assert "whoever goes back loses what comes from now on" in said
    (copy,) = path.parent.glob("legwatch.db.schema2-*")
    with closing(sqlite3.connect(copy)) as db:
        assert upgrade.version(db) == 2
        assert db.execute("SELECT count(*) FROM windows").fetchone() == (OLD.total,)


def test_every_command_is_measured_beside_an_empty_store() -> None:
    script = REPO / "tests/bench/three_years.py"
    words = ("--beds", "1", "--nights", "10", "--windows", "360", "--rounds", "1", "--cpu")
    done = subprocess.run(
        [sys.executable, str(script), *words], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    rows = [
        line for line in done.stdout.splitlines() if re.search(r"(?: +\d+){3} +\d+\.\d\d", line)
    ]
    assert [row[:12].strip() for row in rows][-2:] == ["alerts expla", "start of the"]
    assert len(rows) == 13
