"""Windows of nights that are over are packed and summed up, and no window is lost or doubled."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from fractions import Fraction
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from legwatch_server.store import nights, packs, windows
from legwatch_server.store.minutes import UNKNOWN, MinuteSums, figures, packed, unpacked
from legwatch_server.store.pack import Row
from legwatch_server.store.years import Plan, Years
from server.store.years_ahead import (
    BEDS,
    DAY_MS,
    HOUR_MS,
    NIGHT,
    NOON,
    ZONE,
    everything,
    made,
    night,
    row,
    settle,
    store,
    summed,
    years,
)

LATER = NOON + 3 * DAY_MS
TENTHS = st.integers(-100, 500).map(lambda number: number / 10)
SEEN = st.fixed_dictionaries(
    {},
    optional={
        "leg_c": st.one_of(st.none(), TENTHS),
        "leg_rh": st.one_of(st.none(), TENTHS),
        "room_c": st.one_of(st.none(), TENTHS),
        "moves": st.one_of(st.none(), st.integers(0, 9)),
        "moved_s": st.one_of(st.none(), st.integers(0, 100).map(lambda number: number / 10)),
        "in_bed": st.sampled_from([None, 0, 1]),
        "faults": st.sampled_from([None, "leg:crc,room:timeout"]),
        "late": st.sampled_from([0, 0, 1]),
        "others": st.sampled_from([None, '{"feet_c": 21.5}']),
    },
)
# In seconds after the first noon: all of the first night, and some of the next.
PLACE = st.tuples(st.sampled_from(BEDS), st.integers(0, 100_000), SEEN)
BATCHES = st.lists(st.lists(PLACE, min_size=1, max_size=12), min_size=1, max_size=4)


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as opened:
        yield made(opened)


def rows_of(batches: list[list[tuple[int, int, dict[str, Any]]]]) -> list[list[Row]]:
    """Return windows with their numbers, in the order in which they came."""
    ids, seqs = count(1), {bed: count(1) for bed in BEDS}
    return [
        [row(next(ids), bed, next(seqs[bed]), NOON + at * 1000, **seen) for bed, at, seen in batch]
        for batch in batches
    ]


class Killed(BaseException):
    """The process ends here."""


class Cut:
    """A connection of a process that is killed before its n-th statement."""

    def __init__(self, db: sqlite3.Connection, after: int) -> None:
        self._db, self._left = db, after

    def execute(self, *args: Any) -> sqlite3.Cursor:
        self._left -= 1
        if self._left < 0:
            raise Killed
        return self._db.execute(*args)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)


def kill_after(db: sqlite3.Connection, statements: int, now_ms: int) -> bool:
    """Age the store until a kill, which undoes what is not committed. False: it was done before."""
    ages, cut = years(now_ms), Cut(db, statements)
    try:
        while ages.step(cut):  # type: ignore[arg-type]
            pass
    except Killed:
        db.rollback()
        return True
    return False


def check(db: sqlite3.Connection, rows: list[Row]) -> None:
    """Check that all windows are there once, and that the roll-ups say what the windows say."""
    assert repr(everything(db)) == repr([(one.boot_id, one) for one in rows])
    assert windows.count(db) == len(rows)
    assert [one.id for one in windows.after(db, 0, 10_000)] == [one.id for one in rows]
    for bed in BEDS:
        for offset in (0, 1):
            key = night(offset)._replace(bed_id=bed)
            of_night = [o for o in rows if o.boot_id == bed and key.from_ms <= o.to_ms < key.to_ms]
            if not of_night:
                continue
            sql = "SELECT stale FROM nights WHERE bed_id=? AND night=?"
            assert db.execute(sql, key[:2]).fetchone() == (0,)
            when = NIGHT.fromisoformat(key.night)
            assert nights.minutes_of(db, bed, when) == summed(of_night, key)
            (found,) = nights.between(db, bed, when, when)
            assert found.figures.windows == len(of_night)


@settings(max_examples=15, deadline=None)
@given(BATCHES)
def test_roll_ups_say_what_the_windows_say_also_when_a_night_is_late(
    batches: list[list[tuple[int, int, dict[str, Any]]]],
) -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        made(db)
        rows: list[Row] = []
        for batch in rows_of(batches):
            rows += batch
            store(db, batch)
            settle(db, LATER)
            check(db, rows)
            settle(db, LATER)  # once more: nothing is counted twice
            check(db, rows)


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(BATCHES, st.integers(1, 120))
def test_a_kill_between_any_two_statements_loses_and_doubles_nothing(
    batches: list[list[tuple[int, int, dict[str, Any]]]], statements: int
) -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        made(db)
        rows: list[Row] = []
        for batch in rows_of(batches):
            rows += batch
            store(db, batch)
            kill_after(db, statements, LATER)
            assert repr(everything(db)) == repr([(one.boot_id, one) for one in rows])
            assert windows.count(db) == len(rows)
            settle(db, LATER)
            check(db, rows)


def an_evening(bed: int = 1, windows_: int = 900, first: int = 1) -> list[Row]:
    """Return windows from ten hours after noon on: two and a half hours of one bed."""
    begin = NOON + 10 * HOUR_MS
    return [row(first + n, bed, 1 + n, begin + n * 10_000) for n in range(windows_)]


@pytest.mark.slow
def test_every_statement_of_a_night_can_be_the_last() -> None:
    rows = an_evening(windows_=370)
    for statements in count(1):
        with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
            store(made(db), rows)
            if not kill_after(db, statements, LATER):
                break
            assert everything(db) == [(1, one) for one in rows]
            assert windows.count(db) == len(rows)
            settle(db, LATER)
            check(db, rows)
    assert statements > 20


def test_packs_of_which_a_damage_has_forgotten_the_mark_double_nothing(
    db: sqlite3.Connection,
) -> None:
    rows = an_evening()
    store(db, rows)
    kill_after(db, 15, LATER)
    assert db.execute("SELECT count(*) FROM packs").fetchone() > (0,)
    db.execute("UPDATE boots SET packed=0")
    settle(db, LATER)
    assert everything(db) == [(1, one) for one in rows]
    assert sum(one.windows for one in nights.minutes_of(db, 1, NIGHT)) == len(rows)


def test_an_hour_becomes_one_pack_and_its_rows_are_deleted(db: sqlite3.Connection) -> None:
    rows = an_evening()
    store(db, rows)
    settle(db, LATER)
    found = db.execute("SELECT hour_ms, count FROM packs ORDER BY hour_ms").fetchall()
    begin = NOON + 10 * HOUR_MS
    assert found == [(begin, 360), (begin + HOUR_MS, 360), (begin + 2 * HOUR_MS, 179)]
    assert db.execute("SELECT id FROM windows").fetchall() == [(900,)]
    check(db, rows)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("UPDATE meta SET value='0' WHERE key='states_upto'", "no state has seen it"),
        ("UPDATE boots SET upto=0", "it may come again"),
        ("UPDATE windows SET clock='played'", "it is of a recording"),
    ],
)
def test_what_somebody_still_looks_for_is_not_packed(
    db: sqlite3.Connection, change: str, why: str
) -> None:
    store(db, an_evening(windows_=20))
    db.execute(change)
    settle(db, LATER)
    assert db.execute("SELECT count(*) FROM packs").fetchone() == (0,), why


def test_a_night_that_goes_on_is_not_packed(db: sqlite3.Connection) -> None:
    rows = an_evening()
    store(db, rows)
    settle(db, rows[-1].arrived_ms + HOUR_MS)
    assert db.execute("SELECT count(*) FROM packs").fetchone() == (0,)
    settle(db, NOON + DAY_MS)  # the night had 23 hours: it has been over for one
    assert db.execute("SELECT count(*) FROM packs").fetchone() == (3,)


def test_a_start_that_was_silent_for_a_week_is_packed_whole(db: sqlite3.Connection) -> None:
    first, second = an_evening(windows_=5), an_evening(bed=2, windows_=5, first=6)
    store(db, first + second)
    settle(db, LATER)
    assert db.execute("SELECT id FROM windows").fetchall() == [(5,), (10,)]
    settle(db, NOON + 9 * DAY_MS)
    assert db.execute("SELECT id FROM windows").fetchall() == [(10,)]  # the very last stays
    check(db, first + second)


def test_raw_windows_are_deleted_when_they_are_too_old_and_roll_ups_stay(
    db: sqlite3.Connection,
) -> None:
    rows = an_evening()
    store(db, rows)
    settle(db, LATER)
    minutes = nights.minutes_of(db, 1, NIGHT)
    assert sum(one.windows for one in minutes) == 900
    assert settle(db, NOON + 390 * DAY_MS) < 5
    assert len(everything(db)) == 900
    settle(db, NOON + 400 * DAY_MS)
    assert [one.id for _, one in everything(db)] == [900]
    assert nights.minutes_of(db, 1, NIGHT) == minutes
    (found,) = nights.between(db, 1, NIGHT, NIGHT)
    assert found.figures.windows == 900


def test_what_comes_for_a_night_without_windows_changes_no_roll_up(db: sqlite3.Connection) -> None:
    rows = an_evening()
    store(db, rows)
    settle(db, NOON + 400 * DAY_MS)
    before = nights.minutes_of(db, 1, NIGHT)
    late = row(901, 1, 901, rows[0].to_ms + 5000, arrived_ms=NOON + 399 * DAY_MS)
    after = row(902, 1, 902, NOON + 399 * DAY_MS)
    store(db, [late, after])
    settle(db, NOON + 401 * DAY_MS)
    assert nights.minutes_of(db, 1, NIGHT) == before
    assert late in [one for _, one in everything(db)]


def test_nothing_is_deleted_while_nobody_trusts_the_time(db: sqlite3.Connection) -> None:
    store(db, an_evening())
    now_ms = NOON + 4000 * DAY_MS
    known = json.dumps(["b", 0, 1, now_ms + 1])  # as after a step of years
    db.execute("INSERT INTO meta VALUES ('time', ?)", (known,))
    settle(db, now_ms)
    assert len(everything(db)) == 900
    settle(db, now_ms + DAY_MS)
    assert len(everything(db)) == 1


def test_nothing_is_deleted_while_the_server_does_not_trust_its_clock(
    db: sqlite3.Connection,
) -> None:
    store(db, an_evening())
    trusted = False
    now_ms = NOON + 4000 * DAY_MS
    ages = Years(Plan(lambda: now_ms, lambda _bed: ZONE, lambda: 13, lambda: trusted))
    while ages.step(db):
        pass
    assert len(everything(db)) == 900
    trusted = True
    while ages.step(db):
        pass
    assert len(everything(db)) == 1


def test_a_night_that_is_not_summed_up_is_not_deleted(db: sqlite3.Connection) -> None:
    store(db, an_evening())
    settle(db, LATER)
    db.execute("UPDATE nights SET stale=1, to_ms=? WHERE bed_id=1", (NOON + 5000 * DAY_MS,))
    settle(db, NOON + 4000 * DAY_MS)
    assert len(everything(db)) == 900


def test_minutes_are_the_means_and_sums_of_their_windows() -> None:
    key = night(0)
    values = [30.1, 30.4, None, 30.2]
    rows = [
        row(n, 1, n, NOON + HOUR_MS + n * 10_000, leg_c=value, moves=n, in_bed=int(n < 3))
        for n, value in enumerate(values)
    ]
    sums = MinuteSums(key.from_ms, key.to_ms)
    sums.add(rows)
    sums.add(reversed(rows))  # what comes twice counts once
    minutes = sums.minutes()
    assert len(minutes) == 23 * 60
    found = minutes[60]
    exact = Fraction(907, 30)
    assert found.leg_c is not None
    assert abs(Fraction(found.leg_c) - exact) <= Fraction(51, 10_000)
    assert (found.windows, found.moves, found.in_bed, found.room_c) == (4, 6, 1, None)
    assert minutes[61] == UNKNOWN
    assert unpacked(packed(minutes)) == minutes


def test_the_figures_of_a_night() -> None:
    key = night(0)
    rows = []
    for minute in range(240):
        warm = 31.0 if minute < 60 else 29.0 if minute < 120 else 30.0
        moves = 2 if minute in (0, 50, 200) else 0
        to_ms = key.from_ms + (600 + minute) * 60_000
        seen = {"leg_c": warm, "room_c": 20.0, "moves": moves, "in_bed": int(minute < 230)}
        rows.append(row(minute, 1, minute, to_ms, **seen))
    found = figures(summed(rows, key), key.from_ms)
    assert (found.windows, found.known_min, found.in_bed_min, found.moves) == (240, 240, 230, 6)
    assert (found.leg_mean_c, found.leg_low_c) == (30.0, 29.0)
    assert found.leg_low_ms == key.from_ms + 11 * HOUR_MS
    assert (found.room_mean_c, found.room_low_c) == (20.0, 20.0)
    assert found.still_s == 149 * 60


def test_the_alerts_of_a_night_are_counted_by_their_kind(db: sqlite3.Connection) -> None:
    store(db, an_evening())
    sql = (
        "INSERT INTO notices (bed_id, at_ms, kind, what, level, reason)"
        " VALUES (?, ?, ?, ?, 'warning', 'cooled')"
    )
    at_ms = NOON + 11 * HOUR_MS
    told = [
        (1, at_ms, "cold", "fired"),
        (1, at_ms + 1, "cold", "resolved"),
        (1, at_ms + 2, "cold", "fired"),
        (1, at_ms + 3, "still", "fired"),
        (2, at_ms, "cold", "fired"),
        (1, NOON - 1, "cold", "fired"),
    ]
    db.executemany(sql, told)
    settle(db, LATER)
    (found,) = nights.between(db, 1, NIGHT, NIGHT)
    assert found.alerts == {"cold": 2, "still": 1}
    assert found.from_ms == NOON


def test_ids_of_many_beds_are_read_in_their_order_by_whoever_follows_them(
    db: sqlite3.Connection,
) -> None:
    rows = []
    for n in range(800):  # both beds at once
        at = NOON + 10 * HOUR_MS + n * 10_000
        rows += [row(1 + 2 * n, 1, 1 + n, at), row(2 + 2 * n, 2, 1 + n, at)]
    store(db, rows)
    settle(db, LATER)
    found, ident = [], 0
    while page := windows.after(db, ident, 70):
        found += [one.id for one in page]
        ident = found[-1]
    assert found == [one.id for one in rows]
    assert [one.bed for one in windows.after(db, 0, 2)] == ["bed 1", "bed 2"]
    assert db.execute("SELECT count(*) FROM packs").fetchone() == (6,)


def test_whoever_follows_the_ids_passes_over_beds_that_nobody_knows(
    db: sqlite3.Connection,
) -> None:
    unknown, known = an_evening(bed=2, windows_=400), an_evening(windows_=400, first=401)
    store(db, unknown + known)
    settle(db, LATER)
    db.execute("DELETE FROM beds WHERE id=2")
    db.execute("DELETE FROM windows WHERE bed_id=2")
    assert [one.id for one in windows.after(db, 0, 50)] == list(range(401, 451))


def test_one_who_reads_sees_the_store_of_one_moment(tmp_path: Any) -> None:
    rows, path = an_evening(), tmp_path / "legwatch.db"
    with (
        closing(sqlite3.connect(path, isolation_level=None)) as db,
        closing(sqlite3.connect(path, isolation_level=None)) as other,
    ):
        db.execute("PRAGMA journal_mode=WAL")
        made(db)
        store(db, rows)
        reading = packs.of_bed(other, 1)
        found = [next(reading)]
        settle(db, LATER)  # what it reads is packed and deleted meanwhile
        assert found + list(reading) == rows
        assert list(packs.of_bed(other, 1)) == rows


def test_zone_is_of_the_bed() -> None:
    assert night(0).to_ms - night(0).from_ms == 23 * HOUR_MS
    assert nights.night_with(1, NOON - 1, ZONE).to_ms == NOON
