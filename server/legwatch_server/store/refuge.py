"""A database in memory, for as long as the disk takes nothing: a watch without memory beats none.

What is stored there ends with the machine's power, so it is confirmed to no agent. When the disk
takes rows again, all rows of the refuge go there.
"""

import sqlite3

from legwatch_server.store import beds
from legwatch_server.store.batch import Batch
from legwatch_server.store.numbers import LAST_WINDOW
from legwatch_server.store.renewal import TABLES

_OWN_KEYS = ("schema", "loss", "windows_from", "beds_from", "boots_from")  # of each file its own


def bring_home(refuge: sqlite3.Connection, home: sqlite3.Connection, memory: Batch) -> None:
    """Copy all rows of the refuge, over older ones; the caller has a transaction on `home`."""
    for table in TABLES:
        names = [row[1] for row in home.execute(f"PRAGMA table_info({table})")]
        places = ", ".join("?" * len(names))
        rows = refuge.execute(f"SELECT {', '.join(names)} FROM {table}").fetchall()
        if table == "meta":
            rows = [row for row in rows if row[0] not in _OWN_KEYS]
        sql = f"INSERT OR REPLACE INTO {table} ({', '.join(names)}) VALUES ({places})"
        home.executemany(sql, rows)
    (last,) = home.execute(LAST_WINDOW).fetchone()
    beds.remember(home, memory, int(last))
