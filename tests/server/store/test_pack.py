"""The windows of an hour come back from their pack as they were, whatever a row can hold."""

import sqlite3
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import past
from legwatch_server.store import upgrade
from legwatch_server.store.pack import COLUMNS, Row, packed, unpacked

WHOLE = st.integers(-(1 << 63), (1 << 63) - 1)
MEASURED = st.one_of(
    st.none(), st.floats(), st.integers(-400, 900).map(lambda tenths: tenths / 10), WHOLE
)
TEXT = st.one_of(st.none(), st.text(), st.just("leg:crc,room:timeout;again"))
COUNT = st.one_of(st.none(), st.integers(0, 400), st.floats(0, 400), WHOLE)
ROW = st.tuples(
    st.integers(1, 400), st.integers(1, 9), WHOLE, WHOLE, WHOLE, WHOLE,
    st.sampled_from(["synced", "unsynced", "played", "?"]), MEASURED, MEASURED, MEASURED, MEASURED,
    COUNT, st.sampled_from([None, 0, 1]), TEXT, WHOLE, st.integers(0, 1), MEASURED, MEASURED, TEXT,
)  # fmt: skip


@pytest.fixture(scope="module")
def db() -> Any:
    """Return a database whose table holds what SQLite makes of a value."""
    with closing(sqlite3.connect(":memory:")) as made:
        upgrade.prepare(made)
        yield made


@settings(max_examples=50)
@given(rows=st.lists(ROW, min_size=1, max_size=12, unique_by=(lambda r: r[0], lambda r: r[1:3])))
def test_whatever_the_table_can_hold_comes_back(db: Any, rows: list[tuple[Any, ...]]) -> None:
    db.execute("DELETE FROM windows")
    places = ", ".join("?" * len(Row._fields))
    db.executemany(f"INSERT INTO windows (bed_id, {COLUMNS}) VALUES (1, {places})", rows)
    stored = db.execute(f"SELECT {COLUMNS} FROM windows ORDER BY id").fetchall()
    found = [tuple(row) for row in unpacked(packed(stored))]
    assert repr(found) == repr(stored)  # 1 and 1.0 are equal, and not the same
    assert all(
        map(lambda one, other: list(map(type, one)) == list(map(type, other)), found, stored)
    )


def test_an_hour_takes_a_twentieth_of_its_rows() -> None:
    hour = [past.row(3 * n, 1, n, 1_767_400_000_000 + 10_000 * n) for n in range(1, 361)]
    assert len(packed(hour)) < 360 * 92 / 20
    assert unpacked(packed(hour)) == hour


def test_a_pack_of_other_columns_is_refused() -> None:
    row = Row(
        1, 1, 1, 0, 10, 5, "synced", 30.5, None, 20.5, None, 0, 1, None, 11, 0, 0.0, 0.0, None
    )
    with pytest.raises(ValueError, match="a pack of"):
        unpacked(packed([(*row, "more")]))
