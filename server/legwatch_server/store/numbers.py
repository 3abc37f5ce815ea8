"""The numbers of new rows: none that a row of a file that was set aside may have had.

Links, confirmations and the history name rows by their numbers, and rows of the old file come back
late. `meta` keeps the floors.
"""

import sqlite3

from legwatch_server.store.witness import Mark

_FLOOR = "SELECT coalesce((SELECT value + 0 FROM meta WHERE key=?), 0)"
_SET = "INSERT OR REPLACE INTO meta VALUES (?, ?)"
WINDOWS, BEDS, BOOTS = "windows_from", "beds_from", "boots_from"
# The last window's number, in an empty table too.
LAST_WINDOW = (
    "SELECT max(coalesce((SELECT max(id) FROM windows), 0),"
    f" coalesce((SELECT value + 0 FROM meta WHERE key='{WINDOWS}'), 0))"
)
# Up to this window every bed's state has seen its windows, as two sweeps have shown.
STATES_UPTO = "states_upto"
# The windows that the stored state of their bed has not seen.
UNSEEN = (
    "FROM windows w JOIN beds b ON b.id = w.bed_id"
    f" WHERE w.id > (SELECT coalesce(max(value + 0), 0) FROM meta WHERE key='{STATES_UPTO}')"
    " AND w.id > b.applied_window"
)
_HIGHEST_BED = (
    "SELECT max(coalesce((SELECT max(id) FROM beds), 0),"
    " coalesce((SELECT max(bed_id) FROM boots), 0), coalesce((SELECT max(bed_id) FROM windows), 0),"
    " coalesce((SELECT max(bed_id) FROM notices), 0),"
    " coalesce((SELECT max(bed_id) FROM packs), 0), coalesce((SELECT max(bed_id) FROM nights), 0))"
)
_HIGHEST_BOOT = (
    "SELECT max(coalesce((SELECT max(id) FROM boots), 0),"
    " coalesce((SELECT max(boot_id) FROM windows), 0))"
)
_SEQUENCE = "INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)"


def next_window(db: sqlite3.Connection) -> int:
    """Return the number of the next window."""
    return _one(db, LAST_WINDOW) + 1


def next_bed(db: sqlite3.Connection) -> int:
    """Return an id that no bed ever had."""
    return max(_one(db, "SELECT coalesce(max(id), 0) FROM beds"), _floor(db, BEDS)) + 1


def next_boot(db: sqlite3.Connection) -> int:
    """Return an id that no boot ever had."""
    return max(_one(db, "SELECT coalesce(max(id), 0) FROM boots"), _floor(db, BOOTS)) + 1


def raise_all(db: sqlite3.Connection, before: Mark, slack: int) -> None:
    """Let new rows get higher numbers than those before; `slack`: which were used is not known."""
    db.execute(_SET, (WINDOWS, str(before.windows)))
    db.execute(_SET, (BEDS, str(max(_one(db, _HIGHEST_BED), _floor(db, BEDS)) + slack)))
    db.execute(_SET, (BOOTS, str(max(_one(db, _HIGHEST_BOOT), _floor(db, BOOTS)) + slack)))
    for table, floor in (("notices", before.notices), ("deliveries", before.deliveries)):
        db.execute("DELETE FROM sqlite_sequence WHERE name=?", (table,))
        db.execute(_SEQUENCE, (table, floor))


def _floor(db: sqlite3.Connection, key: str) -> int:
    return _one(db, _FLOOR, key)


def _one(db: sqlite3.Connection, sql: str, *values: str) -> int:
    return int(db.execute(sql, values).fetchone()[0])
