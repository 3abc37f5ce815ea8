"""What is read of a damaged file is not believed: names, types, numbers, texts and sizes."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from legwatch_runtime import salvage

SCHEMA = "CREATE TABLE beds (id INTEGER PRIMARY KEY, name TEXT NOT NULL, seen_ms INTEGER, raw BLOB)"
ROWS = [(number, f"bed {number}", number * 1000, b"x") for number in range(1, 21)]
Row = tuple[object, ...]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "old.db"
    with closing(sqlite3.connect(made)) as db, db:
        db.execute(SCHEMA)
        db.execute("CREATE TABLE others (id INTEGER PRIMARY KEY)")
        db.executemany("INSERT INTO beds VALUES (?,?,?,?)", ROWS)
    return made


@pytest.fixture
def target() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        db.execute(SCHEMA)
        yield db


def change(path: Path, sql: str, *values: object) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("PRAGMA writable_schema=ON")
        db.execute(sql, values)


def rename_in_schema(path: Path, old: bytes, new: bytes) -> None:
    """Overwrite bytes of the schema's text, as a flipped bit does."""
    assert len(old) == len(new)
    raw = path.read_bytes()
    assert old in raw
    path.write_bytes(raw.replace(old, new))


def saved(path: Path, target: sqlite3.Connection) -> tuple[salvage.Saved, list[Row]]:
    with closing(salvage.lenient(sqlite3.connect(path))) as source:
        done = salvage.save(source, target, "beds")
    return done, target.execute("SELECT * FROM beds ORDER BY id").fetchall()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"seen_ms INTEGER", b"seen_ms INTDGER"),  # a type that does not exist
        (b"seen_ms INTEGER", b"seen_ms TEXT   "),  # another type
        (b"seen_ms INTEGER", b"seen!ms_INTEGER"[:7] + b" INTEGER"),  # no name of a column
        (b"seen_ms INTEGER", b"se\xffn_ms INTEGER"),  # no text
        (b"seen_ms INTEGER", b"name_ms INTEGER"),  # another name
        (b"name TEXT NOT", b"name TEXT\x00NOT"),  # the text ends
        (b"TABLE others (", b"TABLE others ]"),  # another table's text is none
    ],
)  # fmt: skip
def test_the_rows_are_saved_whatever_stands_in_the_schema(
    path: Path, target: sqlite3.Connection, old: bytes, new: bytes
) -> None:
    rename_in_schema(path, old, new)
    done, rows = saved(path, target)
    assert rows == ROWS or (rows == [] and done.gaps)


def test_a_column_with_a_damaged_type_or_name_loses_nothing(
    path: Path, target: sqlite3.Connection
) -> None:
    rename_in_schema(path, b"seen_ms INTEGER", b"seex_ms INTDGER")
    assert saved(path, target) == (salvage.Saved("beds", 20, 0, 0), ROWS)


def test_a_table_that_cannot_be_made_out_hides_no_other(
    path: Path, target: sqlite3.Connection
) -> None:
    rename_in_schema(path, b"CREATE TABLE others", b"CREATE TABLF others")
    assert saved(path, target) == (salvage.Saved("beds", 20, 0, 0), ROWS)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE beds SET seen_ms='noon' WHERE id=7",
        "UPDATE beds SET seen_ms=9007199254740993 WHERE id=7",
        "UPDATE beds SET name=CAST(x'ff41' AS TEXT) WHERE id=7",
        "UPDATE beds SET raw=zeroblob(5000000) WHERE id=7",
        "UPDATE beds SET id=9007199254740000 WHERE id=7",
    ],
)
def test_a_row_with_a_value_that_nobody_wrote_is_left_out(
    path: Path, target: sqlite3.Connection, sql: str
) -> None:
    change(path, sql)
    _, rows = saved(path, target)
    assert rows == [row for row in ROWS if row[0] != 7]


def test_a_view_in_the_place_of_a_table_gives_no_rows(
    path: Path, target: sqlite3.Connection
) -> None:
    change(path, "DROP TABLE beds")
    change(path, "CREATE VIEW beds AS SELECT 1 AS id, 'a' AS name, 2 AS seen_ms, x'00' AS raw")
    assert saved(path, target)[1] == []
