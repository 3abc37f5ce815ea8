"""Make a store of many beds and years, for benches and for trying an update on it.

    .venv/bin/python tests/bench/big_store.py FILE [--beds 1] [--nights 1095] [--windows 8640]

The rows are what a server has stored, but for their values: windows, of each night a few alerts
with their pushes, steps and answers, and presses of the button. SQLite makes them from their
numbers, about a million windows in ten seconds. `--schema` takes the tables of an older version;
with `--packed` all nights but the last lie in packs, as the server's upkeep leaves them.
"""

import argparse
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime
from functools import lru_cache
from itertools import accumulate, groupby, product
from pathlib import Path
from typing import NamedTuple

from legwatch.testing import ms
from legwatch_server.store import nights, packs, upgrade
from legwatch_server.store.minutes import MinuteSums
from legwatch_server.store.nights import NightKey
from legwatch_server.store.pack import COLUMNS, Row, packed
from legwatch_server.store.packs import HOUR_MS

END_MS = ms("2026-01-02T12:00Z")  # the noon after the last night
DAY_MS, WINDOW_MS = 86_400_000, 10_000
BEFORE_NOON_MS = 1000  # the last window of a night that lasts all day
PIECE = 500_000  # windows in one transaction
BOOT_NIGHTS = 30  # an agent starts anew once a month
ALERTS = 2  # a night and bed
# Packing takes long. So the packs of the first night and of so many last ones are as they should
# be, and the others have the bytes of the first one: whoever opens those is too slow anyway.
REAL_NIGHTS = 40
_COLUMNS = (
    "id, bed_id, boot_id, seq, from_ms, to_ms, mono_ms, clock, leg_c, leg_rh, room_c, room_rh,"
    " moves, in_bed, faults, arrived_ms, late"
)
# i counts windows: of all beds in turn, night by night. b: the bed, s: the window of the bed,
# n: the night, t: the window of the night.
_WINDOWS = f"""
WITH RECURSIVE c(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM c WHERE i + 1 < :last),
  p AS (SELECT i, i % :beds AS b, i / :beds AS s FROM c),
  q AS (SELECT i, b, s, s / :windows AS n, s % :windows AS t FROM p),
  r AS (SELECT *, :begin_ms + :shift_ms + n * {DAY_MS} + (t + 1) * {WINDOW_MS} AS to_ms FROM q)
INSERT INTO windows ({_COLUMNS})
SELECT i + 1, b + 1, n / {BOOT_NIGHTS} * :beds + b + 1, s % (:windows * {BOOT_NIGHTS}) + 1,
  to_ms - {WINDOW_MS}, to_ms, s % (:windows * {BOOT_NIGHTS}) * {WINDOW_MS}, 'synced',
  round(28.5 + (t / 360 * 5 + b + n) % 37 / 10.0 + t * 7919 % 101 % 3 / 10.0, 1),
  round(41.0 + (t / 180) % 80 / 10.0 + t * 6841 % 103 % 4 / 10.0, 1),
  round(18.0 + (t / 600 + n) % 25 / 10.0 + t * 5179 % 107 % 2 / 10.0, 1),
  round(45.0 + (t / 400) % 60 / 10.0 + t * 4721 % 109 % 4 / 10.0, 1),
  (t % 120 = 1) * 3, t * 3 >= :windows AND t * 4 <= :windows * 3, NULL, to_ms + 120, 0 FROM r
"""
_BOOTS = f"""
WITH RECURSIVE c(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM c
  WHERE i + 1 < :beds * ((:nights - 1) / {BOOT_NIGHTS} + 1))
INSERT INTO boots (id, bed_id, boot, upto) SELECT i + 1, i % :beds + 1, printf('%08x', i + 4096),
  min({BOOT_NIGHTS}, :nights - i / :beds * {BOOT_NIGHTS}) * :windows FROM c
"""
_BEDS = """
WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < :beds)
INSERT INTO beds (id, name, seen_ms) SELECT i, 'bed-' || (i - 1), :end_ms FROM c
"""
# a counts alerts; each fired, rose and ended, and each of that was one push to one person.
_ALERTS = f"""
WITH RECURSIVE c(a) AS (SELECT 0 UNION ALL SELECT a + 1 FROM c
  WHERE a + 1 < :beds * :nights * {ALERTS}),
  p AS (SELECT a, a / {ALERTS} % :beds + 1 AS bed, :begin_ms + a / {ALERTS} / :beds * {DAY_MS}
    + (a % {ALERTS} * 3 + 2) * 3600000 AS at_ms FROM c),
  w AS (SELECT 0 AS n, 'fired' AS what, 'warning' AS level UNION ALL
    SELECT 1, 'raised', 'urgent' UNION ALL SELECT 2, 'resolved', 'urgent')
"""
_NOTICES = (
    f"{_ALERTS} INSERT INTO notices (id, bed_id, at_ms, kind, what, level, reason, episode_ms"
    "{columns}) SELECT a * 3 + n + 1, bed, at_ms + n * 900000, 'cold', what, level, 'cooled', at_ms"
    "{values} FROM p, w ORDER BY a, n"
)
_TEXT = "The air by the legs is 24 °C."
_LINE = f'{{"figures":{{"leg_c":24.0,"rule":"warmth.warn_c = 27.5"}},"text":"{_TEXT}"}}'
_FIGURES = '{"leg_c":24.0,"for_min":10}'
# What was said lies in columns since version 4; before, in a line of JSON.
_SAID = (
    ", figures, text, rule, rule_value",
    f", '{_FIGURES}', '{_TEXT}', 'warmth.warn_c', 27.5",
)
_SAID_BEFORE_4 = (", title, line", f", 'Cold', '{_LINE}'")
_DELIVERIES = (
    "INSERT INTO deliveries (id, notice_id, channel, state, attempt, next_ms, decided_ms,"
    " claimed_ms, sent_ms, bed_id, kind, episode_ms, person, tone, due_ms) SELECT id, id, 'phone',"
    " CASE what WHEN 'fired' THEN 'answered' ELSE 'sent' END, 1, at_ms, at_ms, at_ms, at_ms + 200,"
    " bed_id, kind, episode_ms, 'bert', CASE what WHEN 'resolved' THEN 'info' ELSE 'loud' END,"
    " at_ms FROM notices"
)
_STEPS = (
    "INSERT INTO steps (id, delivery_id, at_ms, state, attempt) SELECT d.id * 3 + w.n, d.id,"
    " d.decided_ms + w.n * 100, w.state, w.n > 0 FROM deliveries d, (SELECT 0 AS n, 'decided' AS"
    " state UNION ALL SELECT 1, 'claimed' UNION ALL SELECT 2, 'sent') w ORDER BY d.id, w.n"
)
_ANSWERS = (
    "INSERT INTO answers (at_ms, token, notice_id, bed_id, person, act, via) SELECT at_ms + 60000,"
    " CAST(printf('t%d', id) AS BLOB), id, bed_id, 'bert', 'seen', 'link' FROM notices"
    " WHERE what='fired'"
)
_PACK = (
    "INSERT INTO packs (bed_id, hour_ms, first_id, last_id, count, bytes, data)"
    " VALUES (?,?,?,?,?,?,?)"
)
_PRESSES = (
    "INSERT INTO presses (bed_id, press_id, button, at_ms, kind) SELECT bed_id, 'p' || id, 'ack',"
    " at_ms, kind FROM notices WHERE what='raised'"
)


class Size(NamedTuple):
    """How much a store has."""

    beds: int
    nights: int
    windows: int  # a night and bed

    @property
    def begin_ms(self) -> int:
        return END_MS - self.nights * DAY_MS

    @property
    def shift_ms(self) -> int:
        """How long after noon a night's first window begins: they lie around midnight."""
        return (DAY_MS - self.windows * WINDOW_MS) // 2 - BEFORE_NOON_MS

    @property
    def total(self) -> int:
        return self.beds * self.nights * self.windows


def make(path: Path, size: Size, schema: int = upgrade.VERSION, *, aged: bool = False) -> None:
    """Make a store; `aged`: all its nights but the last lie in packs, and are summed up."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode=OFF")
        db.execute("PRAGMA synchronous=OFF")
        db.execute("PRAGMA cache_size=-400000")
        _tables(db, schema)
        values = {**size._asdict(), "begin_ms": size.begin_ms, "shift_ms": size.shift_ms}
        values["end_ms"] = END_MS
        db.execute("BEGIN")
        db.execute(_BEDS, values)
        db.execute(_BOOTS, values)
        for first in range(_packed(db, size) if aged else 0, size.total, PIECE):
            last = min(size.total, first + PIECE)
            db.execute(_WINDOWS, {**values, "first": first, "last": last})
        columns, said = _SAID if schema > 3 else _SAID_BEFORE_4
        db.execute(_NOTICES.format(columns=columns, values=said), values)
        for rows in (_DELIVERIES, _STEPS, _ANSWERS, _PRESSES):
            db.execute(rows)
        _seen(db)
        db.execute("COMMIT")
        db.execute("PRAGMA journal_mode=WAL")


def _packed(db: sqlite3.Connection, size: Size) -> int:
    """Pack all nights but the last, each alike but for its numbers; return how many windows."""
    values = {**size._asdict(), "begin_ms": 0, "shift_ms": size.shift_ms, "first": 0}
    db.execute(_WINDOWS, {**values, "beds": 1, "last": size.windows})
    sample = db.execute(f"SELECT {COLUMNS} FROM windows ORDER BY id").fetchall()
    night = [Row._make(row) for row in sample]
    db.execute("DELETE FROM windows")
    sums = MinuteSums(0, DAY_MS)
    sums.add(night)
    for number, bed in product(range(size.nights - 1), range(size.beds)):
        _night(db, size, night, number, bed)
        from_ms = size.begin_ms + number * DAY_MS
        day = datetime.fromtimestamp(from_ms / 1000, UTC).date().isoformat()
        nights.mark(db, key := NightKey(bed + 1, day, from_ms, from_ms + DAY_MS))
        if number == 0:
            *_, roll_up = nights.rolled(db, key, sums)
            nights.store(db, roll_up)
    # All are alike, and so are their sums.
    names = [row[1] for row in db.execute("PRAGMA table_info(nights)")][5:]
    of_first = ", ".join(f"{name}=f.{name}" for name in names)
    db.execute(
        f"UPDATE nights SET stale=0, {of_first} FROM"
        " (SELECT * FROM nights WHERE bed_id=1 ORDER BY night LIMIT 1) AS f"
    )
    last = (size.nights - 1) // BOOT_NIGHTS * size.beds  # the boots of the last night come behind
    db.execute("UPDATE boots SET packed=upto - (id>?) * ?", (last, size.windows))
    return size.beds * (size.nights - 1) * size.windows


def _night(db: sqlite3.Connection, size: Size, night: list[Row], number: int, bed: int) -> None:
    """Pack one night of a bed, hour by hour."""
    add_ms = size.begin_ms + number * DAY_MS
    boot = number // BOOT_NIGHTS * size.beds + bed + 1
    of_boot = number % BOOT_NIGHTS * size.windows
    first = number * size.windows
    if 0 < number < size.nights - REAL_NIGHTS:
        for hour_ms, at, count, data in _hours(tuple(night)):
            ids = [(first + one) * size.beds + bed + 1 for one in (at, at + count - 1)]
            db.execute(_PACK, (bed + 1, hour_ms + add_ms, *ids, count, len(data), data))
        return
    for hour_ms, hour in groupby(enumerate(night), lambda one: _hour_ms(one[1])):
        rows = [
            row._replace(
                id=(first + at) * size.beds + bed + 1, boot_id=boot, seq=of_boot + at + 1,
                from_ms=row.from_ms + add_ms, to_ms=row.to_ms + add_ms,
                mono_ms=(of_boot + at) * WINDOW_MS, arrived_ms=row.arrived_ms + add_ms,
            )
            for at, row in hour
        ]  # fmt: skip
        packs.store(db, packs.made(bed + 1, hour_ms + add_ms, rows))


@lru_cache(maxsize=1)
def _hours(night: tuple[Row, ...]) -> list[tuple[int, int, int, bytes]]:
    """Return the hours of a night: begin, number of the first window, how many, and the pack."""
    hours = [list(hour) for _, hour in groupby(night, _hour_ms)]
    ats = accumulate(map(len, hours), initial=0)
    return [
        (_hour_ms(hour[0]), at, len(hour), packed(hour))
        for at, hour in zip(ats, hours, strict=False)
    ]


def _hour_ms(row: Row) -> int:
    return row.to_ms // HOUR_MS * HOUR_MS


def _tables(db: sqlite3.Connection, schema: int) -> None:
    for number in range(1, schema + 1):
        db.executescript(upgrade.migration(number))
    db.execute("INSERT OR REPLACE INTO meta VALUES ('schema', ?)", (str(schema),))


def _seen(db: sqlite3.Connection) -> None:
    """Let the states of the beds have seen all windows, if these tables say what they have seen."""
    columns = {row[1] for row in db.execute("PRAGMA table_info(beds)")}
    if "applied_window" in columns:
        (last,) = db.execute("SELECT max(id) FROM windows").fetchone()
        db.execute("UPDATE beds SET applied_window=?", (last,))
        meta = [(key, str(last)) for key in ("states_upto", "states_next")]
        db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", meta)


def main() -> None:
    """Make a store and say how large it is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--beds", type=int, default=1)
    parser.add_argument("--nights", type=int, default=1095)
    parser.add_argument("--windows", type=int, default=8640, help="a night and bed (8640: all day)")
    parser.add_argument("--schema", type=int, default=upgrade.VERSION)
    parser.add_argument("--packed", action="store_true", help="all nights but the last")
    args = parser.parse_args()
    begun, size = time.monotonic(), Size(args.beds, args.nights, args.windows)
    make(args.file, size, args.schema, aged=args.packed)
    took_s, size_mb = time.monotonic() - begun, args.file.stat().st_size / 1e6
    print(f"{size.total} windows, {size_mb:.0f} MB, in {took_s:.0f} s: {args.file}")


if __name__ == "__main__":
    main()
