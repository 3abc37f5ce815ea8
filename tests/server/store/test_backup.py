"""Before its tables are changed a database is copied, so that its owner can go back."""

import logging
import shutil
import sqlite3
import stat
import subprocess
from collections import namedtuple
from contextlib import closing
from pathlib import Path

import pytest

from fences.bad_night import HOME
from fences.kept import unpacked
from fresh.guide import blocks
from legwatch_runtime import systemd
from legwatch_server.store import backup, upgrade
from legwatch_server.store.database import SqliteStore
from server.store.older import made

NOW_MS = 1_767_481_860_000
NAME = "legwatch.db.schema3-2026-01-03T231100"


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A database of schema 3 that a server of those days has written."""
    path = tmp_path / "legwatch.db"
    path.write_bytes(unpacked(HOME / "legwatch.db.gz"))
    return path


def start(path: Path) -> None:
    SqliteStore(path, utc_ms=lambda: NOW_MS).close()


def everything(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as db:
        return list(db.iterdump())


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        return upgrade.version(db)


def beside(path: Path) -> list[str]:
    return sorted(file.name for file in path.parent.glob("*.schema*"))


def test_the_copy_has_all_that_was_stored(kept: Path) -> None:
    before = everything(kept)
    assert version(kept) == 3
    start(kept)
    assert version(kept) == upgrade.VERSION
    assert beside(kept) == [NAME]
    assert everything(kept.with_name(NAME)) == before


def test_the_copy_is_for_its_owner_only(kept: Path) -> None:
    start(kept)
    assert stat.S_IMODE(kept.with_name(NAME).stat().st_mode) == 0o600


def test_it_is_said_how_long_it_took_and_what_going_back_means(
    kept: Path, caplog: pytest.LogCaptureFixture
) -> None:
    start(kept)
    copied, done, back = (one.getMessage() for one in caplog.records if one.levelno > logging.INFO)
    assert f"it is copied to {NAME} (1 MB) before its tables are changed" in copied
    assert f"were brought from version 3 to {upgrade.VERSION} in 0." in done
    assert "s for the copy" in done
    assert "whoever goes back loses what comes from now on; deploy/README.md says how" in back


def test_the_lines_of_the_guide_bring_back_what_was_there(kept: Path) -> None:
    before = everything(kept)
    start(kept)
    (lines,) = blocks("deploy/README.md", "Going back after an update")
    assert [line.split()[1] for line in lines[-1:]] == ["cp"]
    script = "\n".join(lines).replace("/var/lib/legwatch/server", str(kept.parent))
    script = script.replace("sudo -u legwatch ", "").replace("sudo ", "")
    subprocess.run(["sh", "-e", "-c", script], check=True)
    assert everything(kept) == before
    start(kept)  # and forward again
    assert version(kept) == upgrade.VERSION


def test_neither_a_new_database_nor_one_of_today_is_copied(tmp_path: Path) -> None:
    path = tmp_path / "legwatch.db"
    start(path)
    start(path)
    assert beside(path) == []


def test_a_copy_of_the_same_rows_is_not_made_again(kept: Path) -> None:
    """A start that fails after the copy is tried again every few seconds."""
    with closing(sqlite3.connect(kept, isolation_level=None)) as db:
        first = backup.make(db, kept, 3, NOW_MS)
        again = backup.make(db, kept, 3, NOW_MS + 5000)
        db.execute("INSERT INTO windows SELECT * FROM (SELECT max(id) + 1 FROM windows), " + REST)
        newer = backup.make(db, kept, 3, NOW_MS + 10_000)
    assert first == again
    assert newer.path != first.path
    assert len(beside(kept)) == 2


REST = "(SELECT bed_id, boot_id, seq + 1000000, from_ms, to_ms, mono_ms, clock, leg_c, leg_rh,"
REST += " room_c, room_rh, moves, in_bed, faults, arrived_ms, late, moved_s, active_s"
REST += " FROM windows ORDER BY id DESC LIMIT 1)"


def test_what_a_kill_has_left_of_a_copy_is_deleted(kept: Path) -> None:
    rests = [kept.with_name(f"{NAME}.part{end}") for end in ("", "-journal")]
    for rest in rests:
        rest.write_bytes(b"half of a copy")
    start(kept)
    assert beside(kept) == [NAME]


def test_a_few_copies_are_kept(kept: Path, caplog: pytest.LogCaptureFixture) -> None:
    older = [f"legwatch.db.schema{n}-2025-0{9 - n}-01T000000" for n in (1, 2, 4)]
    for name in older:
        kept.with_name(name).write_bytes(b"")
    start(kept)
    assert beside(kept) == sorted((NAME, "legwatch.db.schema1-2025-08-01T000000"))
    assert "deleted" in caplog.text


def test_where_there_is_no_room_it_goes_on_without_and_says_so(
    kept: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")  # noqa: PYI024 - as shutil has it
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(9, 9, backup.SPARE_BYTES))
    start(kept)
    assert version(kept) == upgrade.VERSION
    assert beside(kept) == []
    assert "the disk has 1 MB too little room for one" in caplog.text
    assert "this store has no way back to the older legwatch" in caplog.text


def test_a_copy_that_fails_keeps_nobody_unwatched(
    kept: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup, "sync", full)
    start(kept)
    assert version(kept) == upgrade.VERSION
    assert beside(kept) == []
    assert "No space left on device" in caplog.text


def test_the_manager_hears_that_a_long_start_goes_on(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(systemd, "tell", told.append)
    monkeypatch.setattr(backup, "TOLD_EVERY_S", 0.0)
    start(kept)
    assert told
    assert set(told) == {systemd.STARTS, systemd.WELL}


def test_a_file_of_the_first_version_is_copied_too(tmp_path: Path) -> None:
    path = tmp_path / "legwatch.db"
    made(path, 1).close()
    start(path)
    assert [name.split("-")[0] for name in beside(path)] == ["legwatch.db.schema1"]
