"""Make the tables of a new database, or bring an older one up to date."""

import sqlite3
from pathlib import Path

VERSION = 6
_FOLDER = Path(__file__).parent


def prepare(db: sqlite3.Connection, also: str = "") -> int:
    """Create or upgrade the tables in one transaction; return the version after that.

    `also`: a statement that is done together with new tables. A crash in between leaves the
    database as it was. One that a newer legwatch has written is left
    alone; its version is then higher than VERSION.
    """
    if not db.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
        _run(db, _resource("schema.sql") + also)
        return VERSION
    found = version(db)
    if found < VERSION:
        # A crash may have left only some tables of version 1: its script makes those that miss.
        first = 1 if found == 1 else found + 1
        _run(db, "".join(migration(number) for number in range(first, VERSION + 1)))
    return max(found, VERSION)


def older(db: sqlite3.Connection) -> int:
    """Return the version of tables that are to be brought up to date; 0: these are not."""
    if not db.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() or is_unwritten(db):
        return 0
    found = version(db)
    return found if found < VERSION else 0


def is_unwritten(db: sqlite3.Connection) -> bool:
    """Return True if a version is missing that must have been written down: the file is damaged."""
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type='table'")}
    return "meta" not in tables and "steps" in tables  # version 1 had no steps


def version(db: sqlite3.Connection) -> int:
    """Return the version of a database; 1 did not write it down."""
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name='meta'").fetchone():
        return 1
    row = db.execute("SELECT value FROM meta WHERE key='schema'").fetchone()
    return int(row[0]) if row else 1


def migration(number: int) -> str:
    """Return the statements that lead to a version from the one before."""
    folder = _FOLDER / "migrations"
    (found,) = (file for file in folder.iterdir() if file.name.startswith(f"{number:04}_"))
    return found.read_text(encoding="utf-8")


def _resource(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _run(db: sqlite3.Connection, script: str) -> None:
    done = f"INSERT OR REPLACE INTO meta VALUES ('schema', '{VERSION}')"
    try:
        db.executescript(f"BEGIN IMMEDIATE; {script} {done}; COMMIT;")
    except sqlite3.Error:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
