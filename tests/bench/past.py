"""A store that has watched for a long time: its windows lie there as they came."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import NamedTuple

from legwatch_server.store.database import SqliteStore
from legwatch_server.store.pack import COLUMNS, Row

WINDOW_MS = 10_000
_PLACES = ", ".join("?" * (1 + len(Row._fields)))
_INSERT = f"INSERT INTO windows (bed_id, {COLUMNS}) VALUES ({_PLACES})"


class Nights(NamedTuple):
    """Nights of some beds that all sleep at once; `begins_ms`: when each began, oldest first."""

    beds: Sequence[str]
    begins_ms: Sequence[int]
    windows: int  # of a bed in a night


def row(ident: int, bed_id: int, seq: int, to_ms: int) -> Row:
    """Return a window of somebody who sleeps; its values follow from its number."""
    return Row(
        id=ident,
        boot_id=bed_id,
        seq=seq,
        from_ms=to_ms - WINDOW_MS,
        to_ms=to_ms,
        mono_ms=seq * WINDOW_MS,
        clock="synced",
        leg_c=round(30.5 + seq // 37 % 20 / 10, 1),
        leg_rh=round(45.0 + seq // 11 % 30 / 10, 1),
        room_c=round(19.5 + seq // 301 % 10 / 10, 1),
        room_rh=round(41.0 + seq // 53 % 40 / 10, 1),
        moves=int(seq % 61 == 0) * 2,
        in_bed=None,
        faults=None,
        arrived_ms=to_ms + 3 + seq * 7919 % 40,
        late=0,
        moved_s=1.5 if seq % 61 == 0 else 0.0,
        active_s=0.5 if seq % 61 == 0 else 0.0,
        others=None,
    )


class Place(NamedTuple):
    """The highest numbers that a store has already: of windows, and of beds and boots."""

    window: int = 0
    bed: int = 0


def rows(nights: Nights, after: Place = Place()) -> Iterator[Row]:  # noqa: B008 - it cannot change
    """Yield all windows in the order in which they came; a bed's number is that of its boot."""
    ids = count(after.window + 1)
    for number, begin_ms in enumerate(nights.begins_ms):
        for at in range(1, nights.windows + 1):
            for bed_id in range(after.bed + 1, after.bed + len(nights.beds) + 1):
                seq = number * nights.windows + at
                yield row(next(ids), bed_id, seq, begin_ms + at * WINDOW_MS)


def fill(path: Path, nights: Nights) -> None:
    """Give a store these nights, as a server leaves it that has packed nothing yet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    SqliteStore(path, durable=False).close()
    last_seq = len(nights.begins_ms) * nights.windows
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous=OFF")
        db.execute("BEGIN")
        after = Place(_highest(db, "windows"), max(_highest(db, "beds"), _highest(db, "boots")))
        db.executemany(_INSERT, ((one.boot_id, *one) for one in rows(nights, after)))
        beds = list(enumerate(nights.beds, after.bed + 1))
        db.executemany("INSERT INTO beds (id, name) VALUES (?,?)", beds)
        boots = [(ident, ident, f"{ident:08x}", last_seq) for ident, _ in beds]
        db.executemany("INSERT INTO boots (id, bed_id, boot, upto) VALUES (?,?,?,?)", boots)
        db.execute("UPDATE beds SET applied_window=(SELECT max(id) FROM windows)")
        db.execute("COMMIT")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _highest(db: sqlite3.Connection, table: str) -> int:
    return int(db.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()[0])
