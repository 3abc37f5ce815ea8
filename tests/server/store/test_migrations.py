"""Every older database becomes one of today, whole or not at all."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from fences.bad_night import HOME
from fences.kept import unpacked
from legwatch.conditions.verdict import Rule
from legwatch_server.store import beds, upgrade
from legwatch_server.store.batch import Batch
from legwatch_server.store.database import SqliteStore
from server.store.older import made, tables

OLDER = range(1, upgrade.VERSION)
NOTICE = (
    "INSERT INTO notices (id, bed_id, at_ms, kind, what, level, reason, title, line)"
    " VALUES (?, 1, 5, 'cold', 'fired', 'warning', 'cooled', 'title', ?)"
)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A database of schema 3 that a server of those days has written."""
    path = tmp_path / "legwatch.db"
    path.write_bytes(unpacked(HOME / "legwatch.db.gz"))
    return path


def look(path: Path) -> dict[str, Any]:
    with closing(sqlite3.connect(path)) as db:
        return tables(db)


@pytest.fixture
def fresh(tmp_path: Path) -> dict[str, Any]:
    SqliteStore(tmp_path / "fresh.db").close()
    return look(tmp_path / "fresh.db")


@pytest.mark.parametrize("version", OLDER)
def test_an_upgraded_database_is_as_a_fresh_one(
    version: int, fresh: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "old.db"
    made(path, version).close()
    assert look(path) != fresh
    SqliteStore(path).close()
    assert look(path) == fresh


def test_a_database_that_was_in_use_is_as_a_fresh_one(kept: Path, fresh: dict[str, Any]) -> None:
    SqliteStore(kept).close()
    assert look(kept) == fresh
    SqliteStore(kept).close()  # a second start changes nothing
    assert look(kept) == fresh


def test_tables_that_a_crash_has_left_out_are_made(tmp_path: Path, fresh: dict[str, Any]) -> None:
    """The first version made its tables one by one."""
    path = tmp_path / "half.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)")
    SqliteStore(path).close()
    assert look(path) == fresh


def test_the_last_migration_leads_to_the_version_of_today() -> None:
    folder = files("legwatch_server.store") / "migrations"
    numbers = sorted(int(file.name[:4]) for file in folder.iterdir())
    assert numbers == list(range(1, upgrade.VERSION + 1))


def statements(script: str) -> Iterator[str]:
    found = ""
    for piece in script.split(";"):
        found += f"{piece};"
        if sqlite3.complete_statement(found):
            yield found
            found = ""


def everything(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as db:
        return list(db.iterdump())


def test_a_crash_in_the_middle_of_an_upgrade_leaves_the_old_database(
    kept: Path, tmp_path: Path
) -> None:
    before, steps = everything(kept), list(statements(upgrade.migration(4)))
    after = tmp_path / "crashed.db"
    for number in range(1, len(steps) + 1):
        with closing(sqlite3.connect(kept, isolation_level=None)) as db:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA cache_size=1")  # so that unfinished pages reach the disk
            db.execute("BEGIN IMMEDIATE")
            for step in steps[:number]:
                db.execute(step)
            for end in ("", "-wal"):  # what a power cut would leave
                shutil.copy(f"{kept}{end}", f"{after}{end}")
        assert everything(after) == before
        for rest in tmp_path.glob("crashed.db*"):
            rest.unlink()


def test_an_upgrade_that_fails_changes_nothing(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, script = everything(kept), upgrade.migration(4)
    with monkeypatch.context() as broken:
        broken.setattr(upgrade, "migration", lambda _number: f"{script} SELECT * FROM nowhere;")
        with pytest.raises(Exception, match="no such table: nowhere"):
            SqliteStore(kept)
    assert everything(kept) == before
    SqliteStore(kept).close()
    assert everything(kept) != before


LINES = {
    1: '{"figures":{"leg_c":24.0,"usual_c":null,"for_min":10,"rule":"warmth.warn_c = 27.5"},'
    '"text":"It is 24 °C."}',
    2: '{"figures":{"z":1,"a":"moved"},"text":"x"}',
    3: '{"figures":{"rule":"stillness.warn_s = 1e+06"},"text":"x"}',
    4: "{}",
    5: "no JSON at all",
}


def test_a_line_of_old_becomes_figures_text_and_rule(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with closing(made(path, 3)) as db:
        db.execute("INSERT INTO beds (id, name) VALUES (1, 'b')")
        db.executemany(NOTICE, LINES.items())
        db.commit()
    with closing(SqliteStore(path)) as store, store.reader() as reader:
        found = {one.id: (one.notice.figures, one.text) for one in reader.notices_after(0, 9)}
        rules = {one.id: one.notice.rule for one in reader.notices_after(0, 9)}
    assert found == {
        1: ((("leg_c", 24.0), ("usual_c", None), ("for_min", 10)), "It is 24 °C."),
        2: ((("z", 1), ("a", "moved")), "x"),
        3: ((), "x"),
        4: ((), ""),
        5: ((), ""),
    }
    assert rules[1] == Rule("warmth.warn_c", 27.5)
    assert rules[3] == Rule("stillness.warn_s", 1_000_000.0)
    assert (rules[2], rules[4]) == (None, None)


def test_figures_are_brought_over_to_the_byte(kept: Path) -> None:
    with closing(sqlite3.connect(kept)) as db:
        lines = dict(db.execute("SELECT id, line FROM notices").fetchall())
    SqliteStore(kept).close()
    with closing(sqlite3.connect(kept)) as db:
        found = dict(db.execute("SELECT id, figures FROM notices").fetchall())
    for ident, line in lines.items():
        figures = json.loads(line)["figures"]
        figures.pop("rule", None)
        assert found[ident] == json.dumps(figures, separators=(",", ":"))
    assert len(found) == len(lines) > 20


def test_a_state_of_old_has_seen_every_window(kept: Path) -> None:
    SqliteStore(kept).close()
    with closing(sqlite3.connect(kept)) as db:
        (last,) = db.execute("SELECT max(id) FROM windows").fetchone()
        assert {seen for (seen,) in db.execute("SELECT applied_window FROM beds")} == {last}


def test_what_is_packed_of_a_start_outlives_a_damage(tmp_path: Path) -> None:
    """A running server knows its starts better than a damaged file, but not what is packed."""
    with closing(SqliteStore(tmp_path / "legwatch.db")) as store:
        store._db.execute("INSERT INTO boots (id, bed_id, boot, upto, packed) VALUES (7,1,'b',8,5)")
        beds.remember(store._db, Batch(boots=[(7, 1, "b", 9)]), 0)
        found = store._db.execute("SELECT upto, packed FROM boots").fetchall()
    assert found == [(9, 5)]
