"""A damaged file: watching goes on in a new one, and what can be read is saved over."""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from unittest.mock import Mock

import pytest

from campaigns import aged, damage, harm
from campaigns.ward import MINUTE_MS, Ward, open_folder
from legwatch.contract.action import Action
from legwatch_runtime.aside import MOST_KEPT
from legwatch_server.claims import LinkClaims, TargetKind
from legwatch_server.inbox import Outcome
from legwatch_server.store import renewal, upgrade
from legwatch_server.store.database import SqliteStore
from legwatch_server.store.errors import StoreDamaged, StoreError
from legwatch_server.store.file import StoreFile
from legwatch_server.store.records import Loss
from server.store.contract import age

pytestmark = pytest.mark.slow

LATER_MS = aged.AGED_MS + 5 * MINUTE_MS
DB = "legwatch.db"
TAP = LinkClaims(TargetKind.DELIVERY, 1, Action.SEEN, 0, 0)


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return aged.make(tmp_path_factory.mktemp("old") / "server")


@pytest.fixture
def folder(old: Path, tmp_path: Path) -> Path:
    return shutil.copytree(old, tmp_path / "server")


@pytest.fixture
def ward(folder: Path) -> Iterator[Ward]:
    with open_folder(folder, LATER_MS) as made:
        yield made


def first_page(path: Path, table: str) -> int:
    with closing(sqlite3.connect(path)) as db:
        sql = "SELECT rootpage FROM sqlite_master WHERE name=?"
        return int(db.execute(sql, (table,)).fetchone()[0])


def leaf(path: Path, table: str) -> int:
    """Return the number of a page in the middle of a table."""
    with closing(sqlite3.connect(path)) as db:
        pages = db.execute("SELECT pageno FROM dbstat WHERE name=? AND pagetype='leaf'", (table,))
        found = [number for (number,) in pages]
    return int(found[len(found) // 2])


def set_aside(folder: Path) -> list[str]:
    found = folder.glob(f"{DB}.damaged-*")
    return sorted(file.name for file in found if not file.name.endswith(("-wal", "-shm")))


def told_of_the_loss(ward: Ward) -> list[str]:
    pushes = [arrived.push for arrived in ward.server.pushes.arrived]
    return [push.title for push in pushes if "memory" in push.title]


def live(ward: Ward, minute: int, bed: str = "z") -> None:
    ward.minute(minute, [(bed, aged.legs)], boot="0000000b")


def windows(ward: Ward) -> int:
    return int(ward.ask("SELECT count(*) FROM windows")[0][0])


def test_a_tap_on_a_damaged_index_ends_nothing(folder: Path) -> None:
    harm.zero_page(folder / DB, dict(damage.indexes(folder / DB))["sqlite_autoindex_answers_1"])
    with open_folder(folder, LATER_MS) as ward:
        assert ward.answer(TAP, b"token-9") == [Outcome.DONE]
        assert ward.answer(TAP, b"token-9") == [Outcome.AGAIN]
    assert len(set_aside(folder)) == 1


def test_a_file_damaged_under_the_running_server_puts_no_window_into_quarantine(
    ward: Ward, folder: Path
) -> None:
    live(ward, 0)
    with closing(sqlite3.connect(ward.path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        pages = [page for (page,) in db.execute("SELECT pageno FROM dbstat WHERE name='windows'")]
    for page in pages:
        harm.zero_page(ward.path, page)
    ward.server.store._db.execute("PRAGMA shrink_memory")
    before = ward.ask("SELECT count(*) FROM quarantine")
    for minute in range(1, 4):
        live(ward, minute)
    assert ward.ask("SELECT count(*) FROM quarantine") == before
    assert len(ward.ask("SELECT 1 FROM windows WHERE boot_id>1 AND seq>6")) == 18
    assert len(set_aside(folder)) == 1
    assert told_of_the_loss(ward) == ["The server has lost its memory"]
    assert ward.health.report()["status"] == "degraded"


def test_at_the_start_the_beds_come_back_with_their_memory(folder: Path) -> None:
    with open_folder(folder, LATER_MS) as ward:
        known = ward.server.unit.beds[aged.KNOWN].state
    harm.zero_page(folder / DB, first_page(folder / DB, "sqlite_autoindex_beds_1"))
    with open_folder(folder, LATER_MS) as ward:
        assert ward.server.unit.beds[aged.KNOWN].state == known
        live(ward, 0)
        assert windows(ward) == 2000 + (aged.MINUTES + 3) * 6 + 6


def test_the_rest_of_a_long_history_follows_in_the_background(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("legwatch_server.store.renewal.AT_ONCE", 100)
    harm.zero_page(folder / DB, leaf(folder / DB, "windows"))
    with open_folder(folder, LATER_MS) as ward:
        live(ward, 0)
        live(ward, 1)
        assert set_aside(folder)
        live(ward, 2)
        first = windows(ward)
        for minute in range(3, 20):
            live(ward, minute)
        was = 2000 + (aged.MINUTES + 3) * 6
        assert first < 1500
        assert was - 100 < windows(ward) - 20 * 6 < was
        (newest,) = ward.ask("SELECT max(seq) FROM windows WHERE boot_id=1")
        assert newest == ((aged.MINUTES + 3) * 6,)


def test_saving_goes_on_after_a_restart(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("legwatch_server.store.renewal.AT_ONCE", 100)
    harm.zero_page(folder / DB, leaf(folder / DB, "sqlite_autoindex_beds_1"))
    with open_folder(folder, LATER_MS) as ward:
        live(ward, 0)
        assert windows(ward) < 700
    with open_folder(folder, LATER_MS + MINUTE_MS) as ward:
        for minute in range(1, 12):
            live(ward, minute)
        assert windows(ward) == 2000 + (aged.MINUTES + 3) * 6 + 12 * 6


def test_packed_windows_and_nights_are_saved_over_a_few_at_a_time(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(SqliteStore(folder / DB, durable=False)) as store:
        columns = "(bed_id, night, at_ms, window_id, state, rules)"
        noon = "(1, '2000-01-02', 1 << 50, 1, '{}', '{}')"
        store._db.execute(f"INSERT INTO noons {columns} VALUES {noon}")
        age(store, LATER_MS + 10 * 24 * 60 * MINUTE_MS)
        before = {table: kept(store._db, table) for table in renewal.HEAVY}
    assert all(len(rows) >= 1 for rows in before.values())
    assert len(before["packs"]) > 2
    monkeypatch.setattr("legwatch_server.store.renewal.HEAVY", dict.fromkeys(before, 1))
    monkeypatch.setattr("legwatch_server.store.database.HEAVY", dict.fromkeys(before, 1))
    harm.zero_page(folder / DB, leaf(folder / DB, "sqlite_autoindex_beds_1"))
    with open_folder(folder, LATER_MS) as ward:
        live(ward, 0)
        assert len(ward.ask("SELECT * FROM packs")) < len(before["packs"])
        for minute in range(1, 12):
            live(ward, minute)
    assert set_aside(folder)
    with closing(sqlite3.connect(folder / DB)) as db:
        assert {table: before[table] - kept(db, table) for table in before} == {
            table: set() for table in before
        }


def kept(db: sqlite3.Connection, table: str) -> set[tuple[object, ...]]:
    return set(db.execute(f"SELECT * FROM {table}").fetchall())


def test_no_number_is_given_twice(folder: Path) -> None:
    with closing(sqlite3.connect(folder / DB)) as db:
        highest = db.execute("SELECT max(id) FROM windows").fetchone()[0]
    for number in range(1, 1 + (folder / DB).stat().st_size // harm.PAGE_BYTES):
        harm.zero_page(folder / DB, number)
    with open_folder(folder, LATER_MS) as ward:
        live(ward, 0)
        assert ward.ask("SELECT min(id) FROM windows") == [(highest + 1,)]


def test_a_bed_whose_memory_is_lost_has_no_trial_nights(folder: Path) -> None:
    (folder / DB).write_bytes(b"no database at all" * 5000)
    with open_folder(folder, LATER_MS) as ward:
        live(ward, 0, aged.KNOWN)
        trial = ward.server.unit.beds[aged.KNOWN].state.bed.trial
    empty = folder.with_name("other")
    empty.mkdir()
    with open_folder(empty, LATER_MS) as other:
        live(other, 0)
        assert trial != other.server.unit.beds["z"].state.bed.trial


def test_a_log_that_has_lost_its_end_is_said(tmp_path: Path) -> None:
    folder = aged.make_crashed(tmp_path / "crashed")
    (folder / f"{DB}-wal").write_bytes(b"")
    with open_folder(folder, LATER_MS) as ward:
        live(ward, 0)
        assert "windows" in " ".join(ward.health.report()["wrong"])
        assert told_of_the_loss(ward) == ["The server has lost its memory"]
    with open_folder(folder, LATER_MS) as ward:  # once
        live(ward, 1)
        assert told_of_the_loss(ward) == []


def test_damage_in_old_nights_is_found_in_the_background(folder: Path) -> None:
    harm.zero_page(folder / DB, leaf(folder / DB, "windows"))
    with open_folder(folder, LATER_MS) as ward:
        assert set_aside(folder) == []
        for minute in range(3):
            live(ward, minute)
        assert len(set_aside(folder)) == 1


def test_files_that_were_set_aside_are_kept_to_a_number_and_never_overwritten(
    folder: Path,
) -> None:
    for _ in range(MOST_KEPT + 2):
        (folder / DB).write_bytes(b"no database at all" * 100)
        with open_folder(folder, LATER_MS) as ward:
            live(ward, 0)
    assert len(set_aside(folder)) == MOST_KEPT


def a_full_disk(monkeypatch: pytest.MonkeyPatch, refusals: int) -> None:
    """Let the disk refuse the tables of a new file so many times."""
    left, really = iter(range(refusals)), renewal.made

    def made(file: StoreFile, begun: Loss | None = None) -> sqlite3.Connection:
        if next(left, None) is None:
            return really(file, begun)
        file.connect().close()
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(renewal, "made", made)


def test_a_full_disk_at_the_start_loses_no_row_of_the_damaged_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    harm.zero_page(folder / DB, first_page(folder / DB, "sqlite_autoindex_beds_1"))
    a_full_disk(monkeypatch, MOST_KEPT + 1)
    for _ in range(MOST_KEPT + 1):
        with pytest.raises(StoreError, match="full"):
            Ward(folder, LATER_MS)
    with open_folder(folder, LATER_MS) as ward:
        live(ward, 0)
        assert windows(ward) == 2000 + (aged.MINUTES + 3) * 6 + 6
    assert len(set_aside(folder)) == 1


def test_a_full_disk_in_the_night_loses_no_row_of_the_damaged_file(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    live(ward, 0)
    before, store = windows(ward), ward.server.store
    a_full_disk(monkeypatch, MOST_KEPT + 1)
    for _ in range(MOST_KEPT + 1):
        with pytest.raises(StoreError, match="full"):
            store.renew(StoreDamaged("a page"), ward.server.unit.memory(), LATER_MS)
    store.renew(StoreDamaged("a page"), ward.server.unit.memory(), LATER_MS)
    assert windows(ward) == before
    assert len(set_aside(ward.path.parent)) == 1


def test_a_file_whose_rows_cannot_be_saved_over_yet_deletes_no_older_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = [folder / f"{DB}.damaged-2026-01-0{day}T0000" for day in range(1, 1 + MOST_KEPT)]
    for file in older:
        file.write_bytes(b"an older one")
    harm.zero_page(folder / DB, first_page(folder / DB, "sqlite_autoindex_beds_1"))
    a_full_disk(monkeypatch, 1)
    with pytest.raises(StoreError, match="full"):
        Ward(folder, LATER_MS)
    assert set_aside(folder) == [file.name for file in older]


@pytest.mark.parametrize("at", [55, 67])
def test_a_header_with_fields_that_are_never_written_is_damage(folder: Path, at: int) -> None:
    raw = bytearray((folder / DB).read_bytes())
    raw[at] = 9
    (folder / DB).write_bytes(raw)
    with open_folder(folder, LATER_MS) as ward:
        live(ward, 0)
        assert ward.ask("PRAGMA integrity_check") == [("ok",)]
    assert len(set_aside(folder)) == 1


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("found", ["the old file", "no old file"])
def test_a_kill_before_the_rows_are_saved_over_loses_none(
    folder: Path, monkeypatch: pytest.MonkeyPatch, found: str
) -> None:
    before = 2000 + (aged.MINUTES + 3) * 6
    harm.zero_page(folder / DB, first_page(folder / DB, "sqlite_autoindex_beds_1"))
    with monkeypatch.context() as here:
        here.setattr(renewal, "filled", Mock(side_effect=Killed))
        here.setattr(renewal, "_put_back", Mock())  # one that is killed does nothing more
        with pytest.raises(Killed):
            Ward(folder, LATER_MS)
    (name,) = set_aside(folder)
    if found == "no old file":
        (folder / name).unlink()
        before = 0
    with open_folder(folder, LATER_MS + MINUTE_MS) as ward:
        live(ward, 0)
        assert windows(ward) == before + 6
        assert name in " ".join(ward.health.report()["wrong"])
        assert len(told_of_the_loss(ward)) == (found == "no old file")
    with open_folder(folder, LATER_MS + 2 * MINUTE_MS) as ward:
        live(ward, 1)
        assert windows(ward) == before + 12
    assert set_aside(folder) == [name][: 1 if before else 0]


def test_a_kill_before_a_new_file_is_there_loses_no_row(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = folder / f"{DB}.damaged-2026-01-01T0000"
    with closing(StoreFile(older).connect()) as db:
        upgrade.prepare(db)
    harm.zero_page(folder / DB, first_page(folder / DB, "sqlite_autoindex_beds_1"))
    with monkeypatch.context() as here:
        here.setattr(renewal, "made", Mock(side_effect=Killed))
        here.setattr(renewal, "_put_back", Mock())
        with pytest.raises(Killed):
            Ward(folder, LATER_MS)
    with open_folder(folder, LATER_MS + MINUTE_MS) as ward:
        live(ward, 0)
        assert windows(ward) == 2000 + (aged.MINUTES + 3) * 6 + 6
        assert told_of_the_loss(ward) == []


def test_a_file_that_the_owner_deletes_is_not_filled_from_an_older_one(folder: Path) -> None:
    older = folder / f"{DB}.damaged-2026-01-01T0000"
    with closing(StoreFile(older).connect()) as db:
        upgrade.prepare(db)
    (folder / DB).unlink()
    with open_folder(folder, LATER_MS) as ward:
        live(ward, 0)
        assert windows(ward) == 6
        assert told_of_the_loss(ward) == ["The server has lost its memory"]


# ---- the file at the path is the file that is open
READ = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); print(*db.execute(sys.argv[2]))"


def test_another_program_that_reads_the_file_does_not_delete_its_log(ward: Ward) -> None:
    command = [sys.executable, "-I", "-S", "-c", f"{READ}; db.close()", str(ward.path)]
    sql = "SELECT value FROM meta WHERE key='schema'"
    subprocess.run([*command, sql], check=True, capture_output=True)
    live(ward, 0)
    assert ward.path.with_name(f"{DB}-wal").exists()
    assert set_aside(ward.path.parent) == []


def test_windows_after_the_folder_was_renamed_are_in_the_new_one_and_the_old_ones_too(
    ward: Ward, folder: Path
) -> None:
    live(ward, 0)
    before = windows(ward)
    folder.rename(folder.with_name("elsewhere"))
    live(ward, 1)
    assert windows(ward) == before + 6
    assert "moved" in " ".join(ward.health.report()["wrong"])
    assert told_of_the_loss(ward) == []  # nothing is lost


def test_windows_after_the_file_was_deleted_are_kept(ward: Ward, folder: Path) -> None:
    live(ward, 0)
    before = windows(ward)
    for file in folder.glob(f"{DB}*"):
        file.unlink()
    live(ward, 1)
    live(ward, 2)
    assert windows(ward) == before + 12


def test_windows_after_the_file_and_its_log_were_moved_away_are_kept(
    ward: Ward, folder: Path
) -> None:
    live(ward, 0)
    before = windows(ward)
    for name in (DB, f"{DB}-wal"):
        (folder / name).rename(folder / f"{name}.old")
    live(ward, 1)
    assert windows(ward) == before + 6
    assert set_aside(folder) == []


def test_a_file_that_reads_as_empty_but_was_not_is_told(ward: Ward, folder: Path) -> None:
    live(ward, 0)
    empty = folder.with_name("empty.db")
    with closing(StoreFile(empty).connect()) as db:
        upgrade.prepare(db)
    ward.server.store._db.close()
    for file in folder.glob(f"{DB}-*"):
        file.unlink()
    empty.replace(folder / DB)
    live(ward, 1)
    assert told_of_the_loss(ward) == ["The server has lost its memory"]


def test_a_file_put_in_the_place_of_the_open_one_is_set_aside(ward: Ward, folder: Path) -> None:
    live(ward, 0)
    before = windows(ward)
    other = folder / "other"
    with closing(sqlite3.connect(other)) as db:
        db.execute("CREATE TABLE theirs (x)")
    other.replace(folder / DB)
    live(ward, 1)
    assert windows(ward) == before + 6
    (name,) = set_aside(folder)
    with closing(sqlite3.connect(folder / name)) as db:
        assert db.execute("SELECT name FROM sqlite_master").fetchall() == [("theirs",)]


def test_where_no_folder_can_be_made_nothing_is_confirmed(
    ward: Ward, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaigns.ward.STUCK_S", 0.2)
    live(ward, 0)
    published = len(ward.server.broker.published)
    folder.rename(folder.with_name("elsewhere"))
    folder.write_text("a file where the folder was")
    live(ward, 1)
    assert not [m for m in ward.server.broker.published[published:] if m.topic.endswith("stored")]
    assert ward.health.report()["status"] == "degraded"
    folder.unlink()
    live(ward, 2)
    assert ward.server.status.now().failing == ""


# ---- rows that can be read, but make no sense
def spoil(folder: Path, sql: str, *values: object) -> None:
    with closing(sqlite3.connect(folder / DB)) as db, db:
        db.execute(sql, values)


def test_a_notice_with_a_word_that_is_none_holds_up_no_push(folder: Path) -> None:
    spoil(folder, "UPDATE notices SET reason='cole'")
    spoil(folder, "UPDATE deliveries SET state='decided', next_ms=0, recall_ms=NULL")
    with open_folder(folder, LATER_MS) as ward:
        live(ward, 0)
        live(ward, 1)
        assert len(set_aside(folder)) == 1
        live(ward, 2)
        assert len(set_aside(folder)) == 1  # the new file is not damaged again
        assert told_of_the_loss(ward) == ["The server has lost its memory"]


def test_a_version_that_does_not_fit_the_tables_is_damage(folder: Path) -> None:
    spoil(folder, "UPDATE meta SET value='2' WHERE key='schema'")
    with open_folder(folder, LATER_MS) as ward:
        live(ward, 0)
        assert windows(ward) == 2000 + (aged.MINUTES + 3) * 6 + 6
    assert len(set_aside(folder)) == 1


def test_rows_that_no_start_can_read_are_not_saved_over_again(folder: Path) -> None:
    spoil(folder, "INSERT INTO meta VALUES ('schema ', 'x'), ('learned:²', '')")
    spoil(folder, "UPDATE meta SET value='x' WHERE key='schema'")
    with open_folder(folder, LATER_MS) as ward:
        live(ward, 0)
        assert aged.KNOWN in ward.server.unit.beds
    assert len(set_aside(folder)) == 1
    with open_folder(folder, LATER_MS) as ward:
        live(ward, 1)
    assert len(set_aside(folder)) == 1
