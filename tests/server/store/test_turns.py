"""Threads of one process that write take turns, without a wait of SQLite's own."""

import sqlite3
import threading
from contextlib import closing, suppress
from pathlib import Path

from legwatch_server.store.connection import connect, transaction
from legwatch_server.store.database import SqliteStore
from legwatch_server.store.file import StoreFile

NORMAL, FULL = 1, 2  # as SQLite names how it syncs


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


def test_an_outbox_waits_for_the_disk_unless_it_is_told_not_to(tmp_path: Path) -> None:
    found = []
    with closing(SqliteStore(tmp_path / "a.db")) as store, closing(store.outbox("x")) as outbox:
        for synced in (True, False, True):
            with outbox.transaction(synced=synced):
                found += outbox.line.now().execute("PRAGMA synchronous").fetchone()
    assert found == [FULL, NORMAL, FULL]


def test_a_push_never_waits_until_the_log_is_brought_back_to_the_file(tmp_path: Path) -> None:
    """The writer does that with its next commit; also after the outbox has opened anew."""
    file = StoreFile(tmp_path / "a.db", durable=False)
    with closing(file.connect()) as writer, closing(file.line(checkpoints=False)) as line:
        writer.execute("CREATE TABLE t (x)")
        line.drop()
        for _ in range(30):
            with line.guard(), transaction(line.now()) as db:
                db.execute("INSERT INTO t VALUES (zeroblob(1000000))")
        assert file.path.stat().st_size < 100_000
        with transaction(writer):
            writer.execute("INSERT INTO t VALUES (1)")
        assert file.path.stat().st_size > 30_000_000
