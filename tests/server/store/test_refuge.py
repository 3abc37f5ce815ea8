"""A disk that takes nothing for long: the watch goes on in memory, says so, and comes back."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from campaigns import aged, places
from campaigns.ward import MINUTE_MS, Ward, open_folder
from legwatch_server.beds import writer

DB = "legwatch.db"
COLD_MIN = 45


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return aged.make(tmp_path_factory.mktemp("old") / "server")


@pytest.fixture
def ward(old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ward]:
    monkeypatch.setattr(writer, "RETRY_S", (0.0,))
    monkeypatch.setattr(writer, "WITHOUT_S", 0.0)
    monkeypatch.setattr("legwatch_server.store.file.PATIENCE_S", 0.01)
    monkeypatch.setattr("legwatch_server.store.database.REFUGE_PATIENCE_MS", 2)
    folder = shutil.copytree(old, tmp_path / "server")
    with open_folder(folder, aged.AGED_MS + 5 * MINUTE_MS) as made:
        made.server.store._db.execute("PRAGMA busy_timeout=10")
        for line in made.server.store._file._lines:
            line.now().execute("PRAGMA busy_timeout=10")
        yield made


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Lock the database, as a program does that copies it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


def cold(minute: float) -> dict[str, object]:
    return aged.legs(minute + 40)


def stored(ward: Ward, since: int) -> list[str]:
    return [m.topic for m in ward.server.broker.published[since:] if m.topic.endswith("/stored")]


def test_a_cold_bed_is_told_while_the_database_is_locked(ward: Ward) -> None:
    home = ward.path
    with held(home):
        before = len(ward.server.broker.published)
        for minute in range(COLD_MIN):
            ward.minute(minute, [("z", cold)], boot="0000000b")
        assert ward.pushed("z") is not None
        assert stored(ward, before) == []  # the agents keep what is not kept here
        assert "nothing is kept" in " ".join(ward.health.report()["wrong"])
        titles = [arrived.push.title for arrived in ward.server.pushes.arrived]
        assert titles.count("Tonight is not kept") == 1
    ward.minute(COLD_MIN, [("z", cold)], boot="0000000b")
    assert stored(ward, before)
    assert ward.health.report()["wrong"] == []
    seqs = [seq for (seq,) in ward.ask("SELECT seq FROM windows WHERE boot_id=2 ORDER BY seq")]
    assert seqs == list(range(1, (COLD_MIN + 1) * 6 + 1))
    assert ward.ask("SELECT count(*) FROM windows WHERE boot_id=1") == [((aged.MINUTES + 3) * 6,)]
    assert ward.ask("PRAGMA integrity_check") == [("ok",)]
    ((sent,),) = ward.ask("SELECT count(*) FROM deliveries WHERE state='sent' AND bed_id=2")
    assert sent >= 1


def test_a_start_after_a_night_in_memory_misses_nothing_that_was_confirmed(ward: Ward) -> None:
    with held(ward.path):
        ward.minute(0, [("z", cold)], boot="0000000b")
        assert not ward.server.store.keeps
        ward.server.close()  # the power goes
    ward.server.start()
    assert ward.health.report() is not None
    assert ward.ask("SELECT count(*) FROM windows WHERE boot_id=1") == [((aged.MINUTES + 3) * 6,)]
    assert list(ward.server.store.concerns()) == []
    ward.minute(1, [("z", cold)], boot="0000000b")


def test_a_folder_that_is_gone_for_good_stops_no_alert(ward: Ward) -> None:
    folder = ward.path.parent
    folder.rename(folder.with_name("elsewhere"))
    folder.write_text("a file where the folder was")
    for minute in range(COLD_MIN):
        ward.minute(minute, [("z", cold)], boot="0000000b")
    assert ward.pushed("z") is not None
    assert ward.health.report()["status"] == "degraded"
    folder.unlink()
    shutil.copytree(folder.with_name("elsewhere"), folder)
    ward.minute(COLD_MIN, [("z", cold)], boot="0000000b")
    assert ward.server.store.keeps


def test_a_file_that_may_not_be_written_is_named_with_its_owner(ward: Ward) -> None:
    home = ward.path
    with places.read_only(ward):
        ward.minute(0, [("z", cold)], boot="0000000b")
        wrong = " ".join(ward.health.report()["wrong"])
        assert f"{home} takes nothing" in wrong
        assert f"{home} belongs to" in wrong
    ward.minute(1, [("z", cold)], boot="0000000b")
    assert ward.server.store.keeps
