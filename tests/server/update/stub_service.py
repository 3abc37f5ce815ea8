"""Stands in for the service of some version: its file `behaviour` says how that one is.

usage: stub_service.py ROOT
"""

import json
import sqlite3
import sys
import time
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

ROOT = Path(sys.argv[-1])
SERVER = ROOT / "var/lib/legwatch/server"
NEWER = 99  # the version of the tables of a version that changes them


def how() -> set[str]:
    return set((ROOT / "opt/legwatch/behaviour").read_text().split())


HOW = how() if __name__ == "__main__" else set[str]()


class Health(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        wrong = ["channel ntfy: away"] + (["bed bed1 cannot be judged"] if "ill" in HOW else [])
        report = {
            "wrong": wrong + ([f"it was so for {int(time.time())} min"] if "always" in HOW else []),
            "lock": (SERVER / "server.lock").stat().st_ino + ("stranger" in HOW),
            "counters": {"windows": 0 if "windowless" in HOW else 5},
            "bedsides": {"bed1": {"online": "unheard" not in HOW}},
        }
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(report).encode())

    def log_message(self, *_words: object) -> None:
        pass


def change() -> None:
    """Copy the database as a new version does, and change its tables; then store some windows."""
    path = SERVER / "legwatch.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        ((schema,),) = db.execute("SELECT value FROM meta WHERE key='schema'").fetchall()
        if int(schema) >= NEWER:
            return
        if "copyless" not in HOW:
            with closing(sqlite3.connect(f"{path}.schema{schema}-2026-12-01T120000")) as copy:
                db.backup(copy)
        db.execute("UPDATE meta SET value=? WHERE key='schema'", (str(NEWER),))
        for _ in range(3):
            db.execute(ONE_MORE)


ONE_MORE = (
    "INSERT INTO windows SELECT * FROM (SELECT max(id) + 1 FROM windows),"
    " (SELECT bed_id, boot_id, seq + max(id), from_ms, to_ms, mono_ms, clock, leg_c, leg_rh,"
    " room_c, room_rh, moves, in_bed, faults, arrived_ms, late, moved_s, active_s, others"
    " FROM windows)"
)

if __name__ == "__main__":
    if "dead" in HOW:
        sys.exit(3)
    if "changes" in HOW:
        change()
    port = int((ROOT / "port").read_text())
    HTTPServer.allow_reuse_address = True
    HTTPServer(("127.0.0.1", port), Health).serve_forever()
