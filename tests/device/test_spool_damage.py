"""A damaged spool is set aside, the bed goes on, and what can be read is sent."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from campaigns import harm, spools
from legwatch_device.broker_link import LinkUp
from legwatch_device.spool import Spool, SpooledWindow
from legwatch_device.testing import InProcessAgent

BOOT = "0000000a"
KEPT = 600
ROOTS = {1, 2}  # of the file and of the table: without them no page is found


def window(seq: int, boot: str = BOOT) -> SpooledWindow:
    payload = json.dumps({"v": 1, "boot": boot, "seq": seq, "leg_c": 31.0}).encode()
    return SpooledWindow(boot, seq, seq * 10_000, seq * 10_000, "synced", payload)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the spool of an agent that was away from its server, cleanly closed."""
    folder = tmp_path / "agent"
    folder.mkdir()
    made = folder / "spool.db"
    with closing(Spool(made)) as spool:
        spool.put([window(seq) for seq in range(1, KEPT + 1)], [("lost", 3)], [(5, b'{"id":"p1"}')])
    return made


def aside(path: Path) -> list[Path]:
    found = path.parent.glob(f"{path.name}.damaged-*")
    return [file for file in found if not file.name.endswith(("-wal", "-shm"))]


def pages(path: Path, name: str) -> list[int]:
    with closing(sqlite3.connect(path)) as db:
        sql = "SELECT pageno FROM dbstat WHERE name=? ORDER BY pageno"
        return [page for (page,) in db.execute(sql, (name,))]


def seqs(spool: Spool) -> list[int]:
    return [kept.seq for _, kept in spool.after(0, 10_000)]


def test_each_page_zeroed_leaves_a_bed_that_sends(path: Path) -> None:
    whole = path.read_bytes()
    for number in range(1, len(whole) // harm.page_bytes(path) + 1):
        path.write_bytes(whole)
        harm.zero_page(path, number)
        with closing(Spool(path)) as spool:
            spool.put([window(1, "0000000b")])
            found = seqs(spool)
            assert found[-1] == 1, number
            lost = KEPT - (len(found) - 1)
            assert (spool.fact("lost") or 0) >= min(lost, 1), number
            assert lost < 60 or number in ROOTS, number
        for file in path.parent.glob("spool.db*"):
            file.unlink()


def test_a_damaged_index_loses_nothing(path: Path) -> None:
    harm.zero_page(path, pages(path, "sqlite_autoindex_spool_1")[0])
    with closing(Spool(path)) as spool:
        assert seqs(spool) == list(range(1, KEPT + 1))
        assert spool.fact("lost") == 3
        assert [press.payload for press in spool.presses()] == [b'{"id":"p1"}']
        assert len(aside(path)) == 1


def test_a_page_that_rots_while_the_agent_runs_keeps_no_bed_dark(path: Path) -> None:
    with closing(Spool(path)) as spool:
        for page in pages(path, "spool"):
            harm.zero_page(path, page)
        agent = InProcessAgent(spool, boot="0000000b")
        agent.measure(2)
        agent.spool._db.execute("PRAGMA shrink_memory")
        agent.measure(2)
        assert agent.spool.lowest("0000000b") is not None
        assert aside(path)


def test_a_message_with_a_flipped_byte_holds_up_no_other(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE spool SET payload=x'7b00' WHERE seq=7")
    with closing(Spool(path)) as spool:
        assert 7 not in seqs(spool)
        assert spool.fact("lost") == 4
    assert "1 windows are damaged" in caplog.text


def deleted(path: Path) -> None:
    for file in path.parent.glob("spool.db*"):
        file.unlink()


def deleted_but_for_its_log(path: Path) -> None:
    path.unlink()


def renamed(path: Path) -> None:
    path.parent.rename(path.parent.with_name("elsewhere"))


def replaced(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(b"")
    other.replace(path)


@pytest.mark.parametrize("away", [deleted, deleted_but_for_its_log, renamed, replaced])
def test_a_spool_that_was_taken_away_is_made_again(
    path: Path, away: Callable[[Path], None]
) -> None:
    with closing(Spool(path)) as spool:
        away(path)
        spool.put([window(KEPT + 1)])
        assert path.exists()
    with closing(Spool(path)) as spool:
        assert seqs(spool) == list(range(1, KEPT + 2))


def test_a_spool_for_which_no_new_file_can_be_made_goes_on_in_memory(path: Path) -> None:
    with closing(Spool(path)) as spool:
        renamed(path)
        path.parent.write_text("a file where the folder was")
        spool.put([window(KEPT + 1)])
        assert seqs(spool) == list(range(1, KEPT + 2))


FOR_NO_ROWS = 1 << 16  # a new spool has room, and the windows have none


def test_a_disk_that_is_full_while_saving_over_loses_nothing(path: Path) -> None:
    harm.zero_page(path, pages(path, "sqlite_autoindex_spool_1")[0])
    with harm.no_file_above(FOR_NO_ROWS), closing(Spool(path)) as spool:
        assert seqs(spool) == list(range(1, KEPT + 1))
        assert spool.fact("lost") == 3
        spool.put([window(KEPT + 1)])
        assert seqs(spool)[-1] == KEPT + 1
    assert not path.exists()  # nobody may take an empty one for the spool
    assert len(aside(path)) == 1


def test_a_disk_that_is_full_while_the_agent_runs_ends_no_agent(path: Path) -> None:
    with closing(Spool(path)) as spool:
        renamed(path)
        with harm.no_file_above(FOR_NO_ROWS):
            spool.put([window(KEPT + 1)])
            assert seqs(spool) == list(range(1, KEPT + 2))
            assert spool.lowest(BOOT) == 1


def test_the_server_hears_how_many_are_lost(path: Path) -> None:
    harm.zero_page(path, pages(path, "spool")[3])
    with closing(Spool(path)) as spool:
        agent = InProcessAgent(spool, boot="0000000b")
        agent.turn(LinkUp(1))
        told = [json.loads(sent.payload) for sent in agent.link.sent if sent.channel == "info"]
        assert told[0]["lost"] == KEPT - len(seqs(spool)) + 3
        assert told[0]["lost"] > 3


def test_windows_that_the_log_has_lost_are_counted(tmp_path: Path) -> None:
    folder = spools.make_crashed(tmp_path / "agent")
    (folder / "spool.db-wal").write_bytes(b"")
    with closing(Spool(folder / "spool.db")) as spool:
        assert spool.fact("lost") == spools.KEPT
        spool.put([window(1, "0000000b")])
        assert spool.after(0, 9)[0][0] > spools.KEPT  # no number is given twice
    with closing(Spool(folder / "spool.db")) as spool:
        assert spool.fact("lost") == spools.KEPT  # counted once


def test_confirmed_windows_are_not_lost_with_the_log(tmp_path: Path) -> None:
    folder = spools.make_crashed(tmp_path / "agent", confirmed=spools.KEPT - 10)
    (folder / "spool.db-wal").write_bytes(b"")
    with closing(Spool(folder / "spool.db")) as spool:
        assert spool.fact("lost") == 10


def test_a_number_without_measure_does_not_fill_the_spool(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(f"UPDATE sqlite_sequence SET seq={2**63 - 1}")
    harm.zero_page(path, pages(path, "sqlite_autoindex_spool_1")[0])
    with closing(Spool(path)) as spool:
        spool.put([window(1, "0000000b")])
        assert seqs(spool) == [*range(1, KEPT + 1), 1]
        assert spool.fact("lost") == 3
