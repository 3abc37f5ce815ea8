"""Threads of one process that write take turns, without a wait of SQLite's own."""

import sqlite3
import threading
from contextlib import closing, suppress
from pathlib import Path

from legwatch_server.store.connection import connect, transaction


def test_a_thread_waits_for_its_turn_where_sqlite_would_refuse_it(tmp_path: Path) -> None:
    path, written, faults = tmp_path / "a.db", threading.Event(), list[Exception]()

    def second() -> None:
        try:
            with closing(connect(path, patience_s=0.0)) as db, transaction(db):
                db.execute("INSERT INTO t VALUES (2)")
        except Exception as error:
            faults.append(error)
        written.set()

    with closing(connect(path)) as db:
        db.execute("CREATE TABLE t (x)")
        thread = threading.Thread(target=second)
        with transaction(db):
            db.execute("INSERT INTO t VALUES (1)")
            thread.start()
            assert not written.wait(0.1)
        thread.join()
        assert not faults
        assert db.execute("SELECT x FROM t").fetchall() == [(1,), (2,)]


def test_a_transaction_that_fails_gives_the_turn_on(tmp_path: Path) -> None:
    with closing(connect(tmp_path / "a.db")) as db:
        with suppress(sqlite3.Error), transaction(db):
            db.execute("no statement")
        found: list[bool] = []

        def other() -> None:
            with closing(connect(tmp_path / "a.db", patience_s=0.0)) as mine, transaction(mine):
                found.append(mine.in_transaction)

        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert found == [True]
