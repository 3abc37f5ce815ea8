"""Measure how an old store with years in it is brought up to date while windows come in.

    .venv/bin/python tests/bench/update.py TREE [--beds 1] [--nights 365] [--rate 100] [--work DIR]

TREE is a checkout of the older version whose server has used the store. That server runs on a store
of `big_store.py` and is stopped while windows come in; then the server of today starts on it. All
windows must be stored once; ends with 1 if they are not.
"""

import argparse
import re
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.big_store import Size, make
from bench.pipe import Pipe, messages
from bench.stage import Bench
from end_to_end.house import wait_until

BEFORE_S, BEHIND_S = 5.0, 10.0  # windows come in so long before the update, and behind it
ALL_DAY = 8640
LONGEST_S = 3600.0


class Updated(NamedTuple):
    """What became of a store and of the windows that came meanwhile."""

    store_mb: float
    copy_s: float
    tables_s: float
    away_s: float  # from the end of the old server until the new one is up
    waited_s: float  # until all that waited is stored
    sent: int
    lost: int
    twice: int


def update(tree: Path, size: Size, schema: int, rate: float, work: Path) -> Updated:
    """Run an update in a folder."""
    bench = Bench(work)
    try:
        make(bench.store, size, schema)
        beds = [f"bed-{number}" for number in range(size.beds)]
        old = bench.server(beds, tree)
        before, store_mb = bench.rows(), bench.store.stat().st_size / 1e6
        pipe, over = Pipe(bench.port), threading.Event()
        thread = threading.Thread(target=pipe.pace, args=(_until(over, size.beds), rate))
        thread.start()
        time.sleep(BEFORE_S)
        assert bench.rows() > before, old.said()
        old.stop()
        (bench.folder / "server.log").unlink()
        ended_s = time.monotonic()
        new = bench.server(beds)
        up_s, waiting = time.monotonic(), pipe.sent
        wait_until(lambda: bench.rows() >= before + waiting, "what has waited", LONGEST_S)
        stored_s = time.monotonic()
        time.sleep(BEHIND_S)
        over.set()
        thread.join()
        pipe.drain()
        wait_until(lambda: bench.rows() >= before + pipe.sent, "all windows", LONGEST_S)
        new.stop()
        copy_s, tables_s = _said(new.said())
        stored, rows = _stored(bench.store, before)
    finally:
        bench.close()
    times = (copy_s, tables_s, up_s - ended_s, stored_s - ended_s)
    return Updated(store_mb, *times, pipe.sent, pipe.sent - stored, rows - stored)


def _until(over: threading.Event, beds: int) -> Iterator[tuple[str, bytes]]:
    for message in messages(beds, 10_000_000, calm=True):
        if over.is_set():
            return
        yield message


def _said(log: str) -> tuple[float, float]:
    found = re.search(r"brought from version .* in ([\d.]+) s, after ([\d.]+) s for", log)
    assert found, log
    return float(found[2]), float(found[1])


def _stored(store: Path, before: int) -> tuple[int, int]:
    """Return how many different windows came after those of before, and how many rows."""
    with closing(sqlite3.connect(store)) as db:
        sql = "SELECT count(*), count(DISTINCT bed_id * 1000000000 + seq) FROM windows WHERE id>?"
        rows, stored = db.execute(sql, (before,)).fetchone()
    return int(stored), int(rows)


def main() -> int:
    """Print what an update takes; 1 if a window was lost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tree", type=Path)
    parser.add_argument("--beds", type=int, default=1)
    parser.add_argument("--nights", type=int, default=365)
    parser.add_argument("--rate", type=float, default=100.0, help="windows a second of all beds")
    parser.add_argument("--schema", type=int, default=2, help="of the older version")
    parser.add_argument("--work", type=Path, help="a folder on the disk to be measured")
    args = parser.parse_args()
    size = Size(args.beds, args.nights, ALL_DAY)
    with tempfile.TemporaryDirectory(dir=args.work) as folder:
        found = update(args.tree, size, args.schema, args.rate, Path(folder))
    print(f"{args.beds} beds, {args.nights} nights, {found.store_mb:.0f} MB:")
    print(f"copied in {found.copy_s:.1f} s, tables of today after {found.tables_s:.1f} s")
    print(f"nobody watched for {found.away_s:.1f} s, all was stored after {found.waited_s:.1f} s")
    print(f"{found.sent} windows came in: {found.lost} lost, {found.twice} stored twice")
    return int(bool(found.lost or found.twice))


if __name__ == "__main__":
    raise SystemExit(main())
