"""What the store is asked costs after years what it costs after days: SQLite counts its steps."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import pytest

from bench.big_store import ALERTS, END_MS, Size, make
from legwatch_server.claims import TargetKind
from legwatch_server.store import check, deliveries, tries
from legwatch_server.store.connection import connect
from legwatch_server.store.delivery import Episode
from legwatch_server.store.reader import SqliteReader

FEW, MANY = Size(2, 12, 60), Size(2, 120, 60)
MORE = 1.5  # so many times the steps are allowed, for ten times the nights
STEPS = 500  # a few pages more or less to go down in an index
LAST = date(2026, 1, 1)
UTC = ZoneInfo("UTC")
HOUR_MS = 3_600_000
FIRED = 3  # notices of an alert

Question = Callable[[SqliteReader, Size], object]
QUESTIONS: dict[str, Question] = {
    "the alerts of the last night": lambda r, _: r.incidents(LAST, UTC),
    "the alerts of a bed": lambda r, _: r.incidents(LAST, UTC, "bed-1"),
    "an alert": lambda r, size: r.incident(size.beds * size.nights * ALERTS * FIRED),
    "the last night": lambda r, _: r.last_night(UTC),
    "when a bed was heard": lambda r, _: r.last_seen(),
    "the span of a bed": lambda r, _: r.span(1),
    "the first window of a night": lambda r, _: r.first_window(1, END_MS - 24 * HOUR_MS),
    "the windows of a night": lambda r, size: list(r.windows(1, size.total - 100)),
    "the newest windows": lambda r, _: r.newest(1, 9),
    "the next windows": lambda r, size: r.windows_after(size.total - 50, 20),
    "the next windows in packs": lambda r, size: r.windows_after(size.total - 500, 20),
    "the last window": lambda r, _: r.last_window(),
    "the next notices": lambda r, _: r.notices_after(20, 5),
    "the last notice": lambda r, _: r.last_notice(),
    "what waits to be sent": lambda r, _: r.backlog(END_MS),
    "a test that never was": lambda r, _: r.last_test("anna", "phone"),
    "a push that never was": lambda r, _: r.failed_tries("anna", "phone", 0),
    "who confirmed": lambda r, _: r.confirmed_ms("bert"),
    "what could not be read": lambda r, _: r.unread(),
    "a night": lambda r, _: r.nights(1, LAST, LAST),
    "the minutes of a night": lambda r, _: r.minutes(1, LAST),
    "whose push it was": lambda r, _: r.target(TargetKind.DELIVERY, 5),
}
OUTBOX: dict[str, Callable[[sqlite3.Connection], object]] = {
    "a start": check.readable,
    "what to send": lambda db: deliveries.to_send(db, "phone", END_MS, 10),
    "what to ask about": lambda db: deliveries.to_follow(db, "phone", END_MS, 10),
    "what to take back": lambda db: deliveries.to_recall(db, "phone", END_MS, 10),
    "when the next is due": lambda db: deliveries.next_ms(db, "phone"),
    "a new alert": lambda db: deliveries.for_plan(db, Episode(1, "cold", END_MS)),
    "what is not finished": deliveries.unfinished,
}


@pytest.fixture(scope="module")
def stores() -> Iterator[dict[Size, Path]]:
    with TemporaryDirectory() as folder:
        paths = {size: Path(folder) / f"{size.nights}.db" for size in (FEW, MANY)}
        for size, path in paths.items():
            make(path, size, aged=True)
        yield paths


def steps(db: sqlite3.Connection, asks: Callable[[], object]) -> int:
    """Return how many steps of its machine SQLite does for a question, to the ten."""
    done = 0

    def count() -> None:
        nonlocal done
        done += 1

    db.set_progress_handler(count, 10)
    try:
        asks()
    finally:
        db.set_progress_handler(None, 0)
    return done * 10


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_of_a_reader_does_not_grow(
    name: str, stores: dict[Size, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tries, "_NEWEST", 50)  # of which the smaller store has enough
    found = []
    for size, path in stores.items():
        with closing(SqliteReader(path)) as reader:
            found.append(steps(reader._db, partial(QUESTIONS[name], reader, size)))
    few, many = found
    assert many < few * MORE + STEPS


@pytest.mark.parametrize("name", OUTBOX)
def test_a_question_of_the_server_does_not_grow(
    name: str, stores: dict[Size, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "_NEWEST", 50)  # of which the smaller store has enough
    found = []
    for path in stores.values():
        with closing(connect(path, durable=False)) as db:
            found.append(steps(db, partial(OUTBOX[name], db)))
    few, many = found
    assert many < few * MORE + STEPS


def test_a_start_checks_no_table_that_has_grown(
    stores: dict[Size, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check of all of the file comes later, in the background."""
    checked: list[str] = []
    monkeypatch.setattr(check, "_check", lambda _db, table: checked.append(table))
    monkeypatch.setattr(check, "_SMALL_ROWS", FEW.nights * FEW.beds * ALERTS)
    tables = []
    for path in stores.values():
        with closing(connect(path, durable=False)) as db:
            check.at_start(db)
        tables.append(set(checked))
        checked.clear()
    few, many = tables
    assert few - many == {"presses", "answers"}


def test_a_question_without_its_index_grows(stores: dict[Size, Path], tmp_path: Path) -> None:
    ask = QUESTIONS["the alerts of the last night"]
    found = []
    for size, path in stores.items():
        without = Path(shutil.copy(path, tmp_path))
        with closing(sqlite3.connect(without)) as db:
            db.execute("DROP INDEX noticed")
        with closing(SqliteReader(without)) as reader:
            found.append(steps(reader._db, partial(ask, reader, size)))
    few, many = found
    assert many > few * MORE + STEPS
