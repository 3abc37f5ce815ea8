"""No connection stays open when the store is closed, or when it cannot be opened."""

import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from legwatch_server.store import renewal
from legwatch_server.store.database import SqliteStore
from legwatch_server.store.errors import StoreError


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[sqlite3.Connection]:
    """Return the connections that were opened; kept here, so that none is closed by its end."""
    found: list[sqlite3.Connection] = []
    connect: Callable[..., sqlite3.Connection] = sqlite3.connect

    def noted(*args: Any, **more: Any) -> sqlite3.Connection:
        found.append(connect(*args, **more))
        return found[-1]

    monkeypatch.setattr(sqlite3, "connect", noted)
    return found


def still_open(opened: list[sqlite3.Connection]) -> int:
    count = 0
    for db in opened:
        with suppress(sqlite3.ProgrammingError):  # what a closed one answers to every question
            count += db.total_changes >= 0
    return count


def test_a_store_that_is_closed_leaves_nothing_open(
    tmp_path: Path, opened: list[sqlite3.Connection]
) -> None:
    for _ in range(2):
        SqliteStore(tmp_path / "x.db").close()
    assert (bool(opened), still_open(opened)) == (True, 0)


def test_a_file_that_is_no_database_is_left_closed(
    tmp_path: Path, opened: list[sqlite3.Connection]
) -> None:
    (tmp_path / "x.db").write_bytes(b"no database" * 1000)
    SqliteStore(tmp_path / "x.db").close()
    assert still_open(opened) == 0


def test_a_store_of_a_newer_version_is_left_closed(
    tmp_path: Path, opened: list[sqlite3.Connection]
) -> None:
    SqliteStore(tmp_path / "x.db").close()
    with closing(sqlite3.connect(tmp_path / "x.db")) as db, db:
        db.execute("UPDATE meta SET value='99'")
    with pytest.raises(StoreError, match="newer legwatch"):
        SqliteStore(tmp_path / "x.db")
    assert still_open(opened) == 0


def test_a_file_that_cannot_be_brought_up_to_date_is_left_closed(
    tmp_path: Path, opened: list[sqlite3.Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_db: sqlite3.Connection) -> None:
        raise sqlite3.OperationalError("database is locked")

    monkeypatch.setattr("legwatch_server.store.upgrade.older", refused)
    with pytest.raises(StoreError, match="locked"):
        SqliteStore(tmp_path / "x.db")
    assert (bool(opened), still_open(opened)) == (True, 0)


def test_a_damaged_file_that_cannot_be_set_aside_is_left_closed(
    tmp_path: Path, opened: list[sqlite3.Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError("not permitted")

    path = tmp_path / "x.db"
    SqliteStore(path).close()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DROP TABLE windows")
    monkeypatch.setattr(renewal, "_clear_the_path", refused)
    with pytest.raises(StoreError, match="cannot be set aside"):
        SqliteStore(path)
    assert still_open(opened) == 0


def test_a_new_file_in_memory_that_cannot_be_filled_is_left_closed(
    tmp_path: Path, opened: list[sqlite3.Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise StoreError("a new file is damaged too")

    with closing(SqliteStore(tmp_path / "x.db")) as store:
        before = still_open(opened)
        monkeypatch.setattr("legwatch_server.store.database.filled", refused)
        with pytest.raises(StoreError, match="damaged too"):
            store._in_memory(None, "full", renewal.Known(None, store._witness.mark, 0))
        assert still_open(opened) == before
    assert still_open(opened) == 0
