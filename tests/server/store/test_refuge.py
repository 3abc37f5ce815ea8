"""A disk that takes nothing for long: the watch goes on in memory, says so, and comes back."""

import errno
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import Mock, patch

import pytest

from campaigns import aged, damage, harm, places
from campaigns.ward import MINUTE_MS, Ward, open_folder
from legwatch.contract.press import Press
from legwatch_runtime import aside, salvage
from legwatch_server.beds import writer
from legwatch_server.store import connection, database, file, refuge, renewal, unlogged
from legwatch_server.store.errors import StoreDamaged, StoreError, ValuesRefused
from legwatch_server.store.file import StoreFile
from legwatch_server.store.records import Loss

DB = "legwatch.db"
COLD_MIN = 70
LOST_NOW = "are lost with this end"


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


def until_told(ward: Ward) -> None:
    """Let a bed be cold until somebody has a push, and answer it by the button."""
    for minute in range(COLD_MIN):
        ward.minute(minute, [("z", cold)], boot="0000000b")
    assert ward.pushed("z") is not None
    ward.take([ward.press("z", Press("p1", "ack", ward.now_ms))])
    assert not ward.server.store.keeps


def test_a_server_that_ends_right_after_the_disk_was_freed_brings_all_home(
    ward: Ward, caplog: pytest.LogCaptureFixture
) -> None:
    with held(ward.path):
        until_told(ward)
    ward.server.loop.finish()
    assert ward.server.store.keeps
    assert LOST_NOW not in caplog.text
    ward.server.restart()
    ((sent,),) = ward.ask("SELECT count(*) FROM deliveries WHERE state='sent' AND bed_id=2")
    assert sent >= 1
    assert ward.ask("SELECT press_id FROM presses WHERE bed_id=2") == [("p1",)]
    assert ward.ask("SELECT count(*) FROM windows WHERE boot_id=2") == [(COLD_MIN * 6,)]
    assert ward.ask("PRAGMA integrity_check") == [("ok",)]


def test_a_push_that_ends_after_the_way_home_is_noted_there(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    with held(ward.path), monkeypatch.context() as slow:
        slow.setattr(ward, "push", Mock())
        for minute in range(COLD_MIN):
            ward.minute(minute, [("z", cold)], boot="0000000b")
    ward.server.loop.finish()
    ward.push()
    ((sent,),) = ward.ask("SELECT count(*) FROM deliveries WHERE state='sent' AND bed_id=2")
    assert sent >= 1


def test_a_server_that_ends_while_the_disk_takes_nothing_says_what_is_lost(
    ward: Ward, caplog: pytest.LogCaptureFixture
) -> None:
    with held(ward.path):
        until_told(ward)
        ward.server.loop.finish()
        ward.server.close()
    (said,) = [said for said in caplog.messages if LOST_NOW in said]
    assert said.startswith(f"{ward.path} still takes nothing")
    assert said.endswith("the bedsides send their windows and presses again")


def test_a_server_that_ends_on_a_good_disk_says_nothing(
    ward: Ward, caplog: pytest.LogCaptureFixture
) -> None:
    ward.minute(0, [("z", cold)], boot="0000000b")
    ward.server.loop.finish()
    ward.server.close()
    assert caplog.messages == []


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


@contextmanager
def read_only_disk() -> Iterator[None]:
    """Refuse every change of the folder: no file gets another name, and none is made."""
    refused = OSError(errno.EROFS, "Read-only file system")
    with patch.object(aside, "set_aside", side_effect=refused):
        yield


@contextmanager
def full_disk(home: Path) -> Iterator[None]:
    """Refuse every new file in the folder of the database."""

    def made(file: StoreFile, begun: Loss | None = None) -> sqlite3.Connection:
        if file.path == home:
            raise sqlite3.OperationalError("database or disk is full")
        return really(file, begun)

    really = renewal.made
    with patch.object(renewal, "made", made):
        yield


@pytest.mark.parametrize("disk", ["read-only", "full"])
def test_a_damaged_file_on_a_disk_that_takes_no_new_one_stops_no_alert(
    ward: Ward, disk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaigns.ward.STUCK_S", 0.2)
    store, home = ward.server.store, ward.path
    harm.zero_page(home, dict(damage.indexes(home))["sqlite_autoindex_beds_1"])
    with read_only_disk() if disk == "read-only" else full_disk(home):
        store._file.suspect("a page is damaged", store._file.generation)
        for minute in range(COLD_MIN):
            ward.minute(minute, [("z", cold)], boot="0000000b")
        assert not store.keeps
        assert ward.pushed("z") is not None
    ward.minute(COLD_MIN, [("z", cold)], boot="0000000b")
    assert ward.server.store.keeps
    assert ward.ask("SELECT count(*) FROM windows WHERE boot_id=1") == [((aged.MINUTES + 3) * 6,)]
    assert ward.ask("SELECT count(*) FROM windows WHERE boot_id=2") == [((COLD_MIN + 1) * 6,)]


def test_a_refuge_that_cannot_be_made_leaves_the_connection_as_it_was(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, memory = ward.server.store, ward.server.unit.memory()
    refused = StoreError("no memory")
    monkeypatch.setattr(database, "filled", Mock(side_effect=refused))
    with pytest.raises(StoreError, match="no memory"):
        store.go_without("the disk takes nothing", memory, ward.now_ms)
    assert store._db.execute("PRAGMA busy_timeout").fetchone() == (10,)


def test_a_refuge_that_fails_late_leaves_the_connection_strict(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, memory = ward.server.store, ward.server.unit.memory()
    monkeypatch.setattr("legwatch_server.store.check.readable", Mock(side_effect=StoreDamaged("x")))
    with pytest.raises(StoreError, match="damaged too"):
        store.go_without("the disk takes nothing", memory, ward.now_ms)
    with pytest.raises(sqlite3.OperationalError, match="decode"):
        store._db.execute("SELECT CAST(x'ff' AS TEXT)").fetchone()
    assert store._db.getlimit(sqlite3.SQLITE_LIMIT_LENGTH) > salvage.MOST_BYTES


def test_rows_that_the_disk_refuses_end_nothing(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    with held(ward.path):
        ward.minute(0, [("z", cold)], boot="0000000b")
    with monkeypatch.context() as here:
        here.setattr(refuge, "bring_home", Mock(side_effect=ValuesRefused("a value")))
        ward.minute(1, [("z", cold)], boot="0000000b")
        assert not ward.server.store.keeps
        assert "a value" in " ".join(ward.health.report()["wrong"])
    ward.minute(2, [("z", cold)], boot="0000000b")
    assert ward.server.store.keeps


def kept(ward: Ward) -> bool:
    return ward.server.store.keeps


@contextmanager
def no_room(home: Path) -> Iterator[None]:
    """Be a disk without one free byte: SQLite can make no log, and says only "disk I/O error"."""

    def connect(path: Path, **how: Any) -> sqlite3.Connection:
        if path != home:
            return really(path, **how)
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR_SHMSIZE
        raise error

    really = connection.connect
    with (
        patch.object(file, "connect", connect),
        patch("legwatch_runtime.room.has_none", return_value="the disk is full"),
    ):
        yield


def test_a_start_without_one_free_byte_watches_from_memory_and_comes_home(ward: Ward) -> None:
    ward.minute(0, [("z", cold)], boot="0000000b")
    ward.server.loop.finish()
    ward.server.close()
    assert not ward.path.with_name(f"{DB}-wal").exists()
    home, before = ward.path, len(ward.server.broker.published)
    with no_room(home):
        ward.server.start()
        assert kept(ward) is False
        for minute in range(1, COLD_MIN):
            ward.minute(minute, [("z", cold)], boot="0000000b")
        assert ward.pushed("z") is not None
        assert stored(ward, before) == []
        (wrong,) = ward.server.store.concerns()
        assert wrong == f"{home} takes nothing, and nothing is kept: the disk is full"
        titles = [arrived.push.title for arrived in ward.server.pushes.arrived]
        assert titles.count("Tonight is not kept") == 1
    ward.minute(COLD_MIN, [("z", cold)], boot="0000000b")
    assert kept(ward)
    assert list(ward.server.store.concerns()) == []
    assert ward.ask("SELECT count(*) FROM windows WHERE boot_id=2") == [((COLD_MIN + 1) * 6,)]
    assert ward.ask("SELECT count(*) FROM windows WHERE boot_id=1") == [((aged.MINUTES + 3) * 6,)]
    assert ward.ask("PRAGMA integrity_check") == [("ok",)]


def test_a_first_start_without_one_free_byte_watches_from_memory(ward: Ward) -> None:
    ward.server.close()
    for part in ward.path.parent.glob(f"{DB}*"):
        part.unlink()
    with no_room(ward.path):
        ward.server.start()
        ward.minute(0, [("z", cold)])
        assert kept(ward) is False
    ward.minute(1, [("z", cold)])
    assert kept(ward)
    assert ward.ask("SELECT count(*) FROM windows") == [(12,)]


def test_a_start_after_a_power_cut_on_a_full_disk_knows_what_only_the_log_has(
    ward: Ward, tmp_path: Path
) -> None:
    """As after the power cut that has made a card read-only."""
    ward.minute(0, [("z", cold)], boot="0000000b")
    parts = ward.path, ward.path.with_name(f"{DB}-wal")
    assert parts[1].stat().st_size
    as_left = [Path(shutil.copy(part, tmp_path)) for part in parts]
    known = {bed.name: bed.state for bed in ward.server.store.beds()}
    ward.server.close()
    for part, copy in zip(parts, as_left, strict=True):
        shutil.copy(copy, part)
    with no_room(ward.path):
        ward.server.start()
        assert kept(ward) is False
        assert {bed.name: bed.state for bed in ward.server.store.beds()} == known
        with closing(connection.connect_read_only(ward.path)) as read:  # as a command does
            asked = read.execute("SELECT count(*) FROM windows WHERE boot_id=2").fetchall()
        assert asked == [(6,)]
    ward.minute(1, [("z", cold)], boot="0000000b")
    assert kept(ward)
    assert ward.ask("SELECT count(*) FROM windows WHERE boot_id=2") == [(12,)]


@pytest.mark.parametrize("fault", ["older", "log"])
def test_a_start_that_cannot_read_the_file_on_a_full_disk_says_so_and_leaves_it(
    ward: Ward, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ward.server.close()
    if fault == "older":
        with closing(sqlite3.connect(ward.path, isolation_level=None)) as db:
            db.execute("UPDATE meta SET value='5' WHERE key='schema'")
    else:
        ward.path.with_name(f"{DB}-wal").write_bytes(b"rows")
        monkeypatch.setattr(unlogged, "LARGEST", 1000)
    with no_room(ward.path), pytest.raises(StoreError, match="cannot be used: the disk is full;"):
        ward.server.start()
    assert ward.path.exists()
