"""How fast a program empties a broker's queue, and what each window takes of the machine."""

import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from bench.pipe import Pipe, messages
from bench.stage import BARE, Bench, Subject, cpu_s, peak_mb

SUBSCRIBED_S = 1.0


class Drained(NamedTuple):
    """One queue, emptied; rate and CPU are those behind the first commit."""

    windows_a_s: float
    cpu_us: float
    peak_mb: float
    window_bytes: float  # the store's file after the end; the bare subscriber has none


def drain(subject: Subject, beds: int, windows: int) -> Drained:
    """Fill a queue while the program is away, and let it empty the queue."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        try:
            first = bench.start(subject, beds)
            time.sleep(SUBSCRIBED_S)
            first.stop() if subject.judges else first.kill()
            pipe = Pipe(bench.port)
            pipe.send(messages(beds, windows))
            pipe.drain()
            found = _emptied(bench, subject, beds, pipe.sent)
        finally:
            bench.close()
    return found


def _emptied(bench: Bench, subject: Subject, beds: int, windows: int) -> Drained:
    process = bench.start(subject, beds)
    bench.wait_for(1, subject, process)
    begun_s, from_row, before_s = time.perf_counter(), bench.rows(subject), cpu_s(process.pid)
    bench.wait_for(windows, subject, process)
    took_s, left = time.perf_counter() - begun_s, max(1, windows - from_row)
    cpu_us, peak = (cpu_s(process.pid) - before_s) / left * 1e6, peak_mb(process.pid)
    process.stop() if subject.judges else process.kill()
    size = 0 if subject is BARE else _size(bench.store)
    rate = left / took_s if windows > from_row else 0.0
    return Drained(rate, cpu_us, peak, size / windows)


def _size(store: Path) -> int:
    """Return the bytes of a store after its journal was written back, as a checkpoint does."""
    with closing(sqlite3.connect(store)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return store.stat().st_size
