"""No question that the store is asked reads a table that grows from end to end."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, redirect_stdout
from datetime import date
from io import StringIO
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import pytest

from fences.bad_night import HOME, NOW_NS, SAID, configured, opened
from fences.kept import lines, unpacked
from fences.wiring import command
from legwatch.events import AlertKind
from legwatch_server.claims import TargetKind
from legwatch_server.store.batch import Batch
from legwatch_server.store.database import SqliteStore
from legwatch_server.store.delivery import Episode
from legwatch_server.store.reader import SqliteReader
from legwatch_server.store.records import Loaded
from server.store.asked import Asked, Ear, calls, scanned
from server.store.contract import age

pytestmark = pytest.mark.slow

NOW_MS = NOW_NS // 1_000_000
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
GROWING = {
    "windows", "packs", "nights", "noons", "notices", "deliveries", "steps", "answers", "presses",
    "quarantine", "events",
}  # fmt: skip
# A plan does not say that a walk along an index or the numbers of rows ends soon. These do.
NEWEST = "it ends after so many of the newest rows"
OPEN = "along an index that has only what is open now"
BOUNDED = "there are never more than 2,000 rows"
COUNTED = "the demo and `legwatch storage` count, along an index"
DAMAGE = "once, after a damage"
COUNTS = ("windows", "packs", "nights", "noons", "events", "notices")
ALLOWED = {
    ("windows.count", "windows"): COUNTED,
    ("packs.count", "packs"): COUNTED,
    **{("sizes.storage", of): COUNTED for of in COUNTS},
    **{("sizes.storage", of): NEWEST for of in ("deliveries", "steps", "answers", "presses")},
    ("sizes.storage", "quarantine"): NEWEST,
    ("check.readable", "windows"): NEWEST,
    ("check.readable", "notices"): NEWEST,
    ("check.readable", "deliveries"): NEWEST,
    ("check.readable", "steps"): NEWEST,
    ("check.readable", "presses"): NEWEST,
    ("check.readable", "answers"): NEWEST,
    ("check.readable", "quarantine"): NEWEST,
    ("deliveries.unreadable", "deliveries"): NEWEST,
    ("tries.failed", "deliveries"): NEWEST,
    ("deliveries.backlog", "deliveries"): OPEN,
    ("deliveries.unfinished", "deliveries"): OPEN,
    ("times.move", "deliveries"): OPEN,
    ("quarantine.insert", "quarantine"): BOUNDED,
}
# What no course of a sound store asks.
NOT_ASKED = {
    "renewal._count": DAMAGE,
    "loss.note": DAMAGE,
    "upgrade._run": "no table is asked",
    "check._tables": "no table is asked",
    "refuge.bring_home": "once, when a disk takes rows again",
    "numbers.raise_all": DAMAGE,
    "database._as_source": "no table is asked",
    "database.come_back": "no table is asked",
    "beds.remember": DAMAGE,
    "database.age_some": "no table is asked",
    "connection.transaction": "no table is asked",
    "file.sync": "no table is asked",
    "snapshot._new": "no table is asked",
    "snapshot._check": "all of a copy is looked at, when a person asks for a backup",
    "snapshot.copied": "the database is copied page by page",
    "exchange.bring_in": "no table is asked",
}


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with TemporaryDirectory() as name:
        yield Path(name)


@pytest.fixture(scope="module")
def ear(folder: Path) -> Ear:
    """Listen to a bad night, what is asked of it, and what a server asks beside."""
    (folder / "legwatch.db").write_bytes(unpacked(HOME / "legwatch.db.gz"))
    config = (HOME / "server.toml").read_text()
    with Ear().listening() as ear, pytest.MonkeyPatch.context() as patched:
        patched.setattr("time.time_ns", lambda: NOW_NS)
        server = opened(config, folder, NOW_MS)
        for line in lines(HOME / "then.jsonl.gz"):
            server.do(line)
        server.close()
        for words in SAID.values():
            with redirect_stdout(StringIO()):
                command([*words[:1], "--config", str(configured(config, folder)), *words[1:]])
        ask_the_store(folder / "legwatch.db")
        ask_a_reader(folder / "legwatch.db")
        years_later(folder / "legwatch.db")
    return ear


def ask_the_store(path: Path) -> None:
    with closing(SqliteStore(path, durable=False)) as store:
        store.next_bed_id()
        store.has_noted(Loaded(NOW_MS, {}, "", "", "", ""))
        store.pressed(1, "p-1")
        store.used_ms(b"token")
        for of in TargetKind:
            store.target(of, 1)
        with store.transaction() as tx:
            tx.for_plan(Episode(1, "cold", NOW_MS))
            tx.move(1, "2026-01-03")
            tx.write(Batch(loaded=Loaded(NOW_MS, {}, "", "", "", "")))
            tx.note_rehearsal("2026-01-03", frozenset({1}))
        age(store, NOW_MS + 2 * DAY_MS)
        with closing(store.outbox("phone")) as outbox:
            outbox.trial_count(1)
            outbox.has_step(1, "why")


def years_later(path: Path) -> None:
    with closing(SqliteStore(path, durable=False)) as store:
        noon = (1, "2020-01-01", 0, 0, "", "")  # of a bed that was silent in that night
        columns = "(bed_id, night, at_ms, window_id, state, rules)"
        store._db.execute(f"INSERT INTO noons {columns} VALUES (?,?,?,?,?,?)", noon)
        age(store, NOW_MS + 500 * DAY_MS)


def ask_a_reader(path: Path) -> None:
    with closing(SqliteReader(path)) as reader:
        reader.version()
        for bed_id, name in reader.beds():
            reader.states(name)
            reader.span(bed_id)
            since = reader.first_window(bed_id, NOW_MS - HOUR_MS)
            list(islice(reader.windows(bed_id, since), 9))
            reader.newest(bed_id, 10)
            reader.standing(bed_id, AlertKind.SENSOR)
            reader.episode(bed_id, AlertKind.SENSOR, NOW_MS)
            reader.nights(bed_id, date(2026, 1, 1), date(2026, 1, 9))
            reader.minutes(bed_id, date(2026, 1, 1))
            for day in range(1, 10):
                reader.lived(bed_id, name, date(2026, 1, day), ZoneInfo("UTC"))
        reader.windows_after(0, 10)
        reader.last_window()
        reader.window_count()
        reader.storage()
        reader.notices_after(0, 10)
        reader.last_notice()
        reader.backlog(NOW_MS)
        reader.last_test("anna", "phone")
        reader.failed_tries("anna", "phone", 0)
        reader.confirmed_ms("anna")
        reader.unread()
        reader.last_night(ZoneInfo("UTC"))


@pytest.fixture(scope="module")
def db(ear: Ear, folder: Path) -> Iterator[sqlite3.Connection]:
    """The database after that; nobody has gathered statistics, as in every store."""
    del ear
    with closing(sqlite3.connect(folder / "legwatch.db")) as opened_:
        yield opened_


def whole_tables(db: sqlite3.Connection, ear: Ear) -> dict[tuple[str, str], Asked]:
    return {
        (asked.place, table): asked
        for asked in ear.questions
        for table in scanned(db, asked) & GROWING
    }


def test_no_question_reads_a_growing_table_from_end_to_end(
    ear: Ear, db: sqlite3.Connection
) -> None:
    found = {where: asked.sql for where, asked in whole_tables(db, ear).items()}
    wrong = {where: sql for where, sql in found.items() if where not in ALLOWED}
    assert "\n".join(f"{place} {table}: {sql}" for (place, table), sql in wrong.items()) == ""


def test_what_is_allowed_is_asked(ear: Ear, db: sqlite3.Connection) -> None:
    assert ALLOWED.keys() - whole_tables(db, ear).keys() == set()


def test_every_question_of_the_store_was_heard(ear: Ear) -> None:
    """One that the course does not ask could read whatever it wants."""
    unheard = {
        call.place
        for call in calls()
        if not any((call.file, line) in ear.lines for line in range(call.first, call.last + 1))
    }
    assert unheard - NOT_ASKED.keys() == set()
    assert NOT_ASKED.keys() - unheard == set()


@pytest.mark.parametrize("without", ["n.text>=?", "+n.at_ms>=?"])
def test_a_question_without_its_index_is_found(
    without: str, ear: Ear, db: sqlite3.Connection
) -> None:
    (asked,) = {one.sql: one for one in ear.questions if "n.at_ms>=?" in one.sql}.values()
    assert scanned(db, asked) == set()
    assert scanned(db, asked._replace(sql=asked.sql.replace("n.at_ms>=?", without)))
    assert scanned(db, Asked("SELECT max(text) FROM notices", (), "")) == {"notices"}
    assert scanned(db, Asked("SELECT max(id) FROM notices", (), "")) == set()
