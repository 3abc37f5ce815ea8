"""A store whose nights are over, for tests of what becomes of them."""

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from legwatch.night import noon_ms
from legwatch_server.store import nights, packs, upgrade
from legwatch_server.store.minutes import Minute, MinuteSums
from legwatch_server.store.pack import COLUMNS, Row
from legwatch_server.store.years import Plan, Years

ZONE = ZoneInfo("Europe/Berlin")
NIGHT = date(2026, 3, 28)  # the clocks go forward in it: it has 23 hours
NOON = noon_ms(NIGHT, ZONE)
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
BEDS = (1, 2)
MOST_STEPS = 5000


def row(ident: int, boot: int, seq: int, to_ms: int, **seen: Any) -> Row:
    """Return a window of ten seconds."""
    usual = dict.fromkeys(Row._fields)
    times = {"from_ms": to_ms - 10_000, "to_ms": to_ms, "mono_ms": to_ms - NOON}
    came = {"arrived_ms": to_ms + 5, "clock": "synced", "late": 0, "leg_c": 30.5, "moves": 0}
    return Row(**{**usual, **times, **came, "id": ident, "boot_id": boot, "seq": seq, **seen})


def made(db: sqlite3.Connection) -> sqlite3.Connection:
    """Give an empty database the tables, the beds, and a start of an agent for each."""
    upgrade.prepare(db)
    db.executemany("INSERT INTO beds (id, name) VALUES (?,?)", [(n, f"bed {n}") for n in BEDS])
    boots = [(n, n, f"0000000{n}") for n in BEDS]
    db.executemany("INSERT INTO boots (id, bed_id, boot, upto) VALUES (?,?,?,0)", boots)
    return db


def store(db: sqlite3.Connection, rows: Sequence[Row]) -> None:
    """Store windows as the writer does; each bed has one start with the bed's number."""
    places = ", ".join("?" * (1 + len(Row._fields)))
    sql = f"INSERT INTO windows (bed_id, {COLUMNS}) VALUES ({places})"
    db.execute("BEGIN")
    db.executemany(sql, [(one.boot_id, *one) for one in rows])
    for bed in BEDS:
        upto = max((one.seq for one in rows if one.boot_id == bed), default=0)
        db.execute("UPDATE boots SET upto=max(upto, ?) WHERE id=?", (upto, bed))
    sql = "INSERT OR REPLACE INTO meta SELECT 'states_upto', max(id) FROM windows"
    db.execute(sql)
    db.execute("COMMIT")


def years(now_ms: int, months: int = 13) -> Years:
    """Return what ages a store at a moment."""
    return Years(Plan(lambda: now_ms, lambda _bed: ZONE, lambda: months))


def settle(db: sqlite3.Connection, now_ms: int, months: int = 13) -> int:
    """Let a store do all that is to be done; return in how many steps."""
    ages = years(now_ms, months)
    for step in range(MOST_STEPS):
        if not ages.step(db):
            return step
    raise AssertionError("it does not come to an end")


def night(offset: int) -> nights.NightKey:
    """Return a night of bed 1, counted from NIGHT."""
    return nights.night_with(1, noon_ms(NIGHT + timedelta(days=offset), ZONE), ZONE)


def summed(rows: Iterable[Row], key: nights.NightKey) -> list[Minute]:
    """Return the minutes of a night as its windows say."""
    sums = MinuteSums(key.from_ms, key.to_ms)
    sums.add(rows)
    return sums.minutes()


def everything(db: sqlite3.Connection) -> list[tuple[int, Row]]:
    """Return (bed id, window) of all windows, by their ids."""
    found = [(bed, one) for bed in BEDS for one in packs.of_bed(db, bed)]
    return sorted(found, key=lambda pair: pair[1].id)
