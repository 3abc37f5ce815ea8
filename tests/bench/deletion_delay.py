"""Measure whether old nights that are packed or deleted delay an alert under load.

    .venv/bin/python tests/bench/deletion_delay.py [--rounds 5] [--rate 1000] [--nights 20]

The same server decides under the same load beside three stores, in turns: one in which nothing is
to be done, one whose old nights are packed all the while, and one whose old nights are deleted all
the while. Compare the times of one run.
"""

import argparse
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.alert_delay import Sink, decide, deciding_seq, launch, window
from bench.past import WINDOW_MS, Nights, fill, row
from bench.pipe import Pipe
from bench.stage import LEGWATCH_HERE, Bench
from end_to_end.house import wait_until
from legwatch_lab.score.command import positive
from legwatch_runtime.clock import utc_ms
from legwatch_server.store.pack import packed

DAY_MS, HOUR_MS = 86_400_000, 3_600_000
BEDS = tuple(f"old-{number}" for number in range(100))
WINDOWS = 1000  # to pack, of a bed and night
FORGOTTEN = 5  # so many nights are to be deleted for each one of a bed that is to be packed
HOURS = 8  # of a night that is to be deleted
BEGIN_S = 7.0  # after the start: by then it packs or deletes
NOTHING, PACKED, DELETED = KINDS = ("nothing", "packed", "deleted")


class Delay(NamedTuple):
    """What one run has shown; `done`: windows packed, or nights deleted, while it decided."""

    p50_ms: float
    p99_ms: float
    done: int


def grown(folder: Path, names: Sequence[str], fired: int) -> None:
    """Make the store of a server whose beds are all about to decide."""
    bench, sink = Bench(folder), Sink()
    process = launch(bench, LEGWATCH_HERE, list(names), sink.url, fired)
    time.sleep(1)
    pipe = Pipe(bench.port)
    for seq in range(1, fired):
        pipe.send((f"legwatch/v1/{name}/window", window(seq)) for name in names)
    bench.wait_for(len(names) * (fired - 1), LEGWATCH_HERE, process)
    process.stop()
    bench.close()
    sink.http.shutdown()


def aged(path: Path, kind: str, nights: int) -> None:
    """Give a store old nights."""
    last_ms = utc_ms() // DAY_MS * DAY_MS - 2 * DAY_MS + 10 * HOUR_MS
    if kind in (NOTHING, PACKED):
        begins = [last_ms - night * DAY_MS for night in reversed(range(nights))]
        fill(path, Nights(BEDS, begins, WINDOWS))
    with closing(sqlite3.connect(path)) as db:
        if kind == NOTHING:  # the same rows, but they may not be packed
            old = "(SELECT id FROM beds WHERE name LIKE 'old-%')"
            db.execute(f"UPDATE boots SET upto=0 WHERE bed_id IN {old}")
        if kind == DELETED:
            _forgettable(db, last_ms - 500 * DAY_MS, FORGOTTEN * nights * len(BEDS))
        db.commit()


def _forgettable(db: sqlite3.Connection, begin_ms: int, nights: int) -> None:
    hour = packed([row(n, 1, n, begin_ms + n * WINDOW_MS) for n in range(1, 361)])
    minutes = b"x" * 4000
    for number in range(nights):
        bed, from_ms = 1000 + number, begin_ms
        night = (bed, "2020-01-01", from_ms, from_ms + DAY_MS, minutes)
        db.execute(
            "INSERT INTO nights (bed_id, night, from_ms, to_ms, stale, raw, minutes)"
            " VALUES (?,?,?,?,0,1,?)",
            night,
        )
        db.executemany(
            "INSERT INTO packs (bed_id, hour_ms, first_id, last_id, count, bytes, data)"
            " VALUES (?,?,1,360,360,?,?)",
            [(bed, from_ms + n * HOUR_MS, len(hour), hour) for n in range(HOURS)],
        )


def measured(store: Path, names: Sequence[str], rate: float, fired: int) -> Delay:
    """Return how long pushes take beside a copy of a store."""
    with tempfile.TemporaryDirectory() as name:
        folder, sink = Path(name), Sink()
        shutil.copytree(store, folder / "server")
        bench = Bench(folder)
        process = launch(bench, LEGWATCH_HERE, list(names), sink.url, fired)
        time.sleep(BEGIN_S)
        before = _done(bench.store)
        sent = decide(Pipe(bench.port), list(names), rate, fired)
        wait_until(lambda: len(sink.came) >= len(names), "every push", 60)
        done = _done(bench.store) - before
        process.stop()
        bench.close()
        sink.http.shutdown()
    delays = sorted(1000 * (sink.came[one] - sent[one]) for one in names)
    return Delay(delays[len(delays) // 2], delays[int(len(delays) * 0.99)], done)


def _done(path: Path) -> int:
    sql = "SELECT (SELECT sum(packed) FROM boots) + (SELECT count(*) FROM nights WHERE raw=0)"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as db:
        return int(db.execute(sql).fetchone()[0] or 0)


def stores(
    folder: Path, names: Sequence[str], fired: int, nights: int
) -> Iterator[tuple[str, Path]]:
    """Make the three stores; yield each with its name."""
    grown(folder / "grown", names, fired)
    for kind in KINDS:
        made = folder / kind
        shutil.copytree(folder / "grown" / "server", made)
        aged(made / "legwatch.db", kind, nights)
        yield kind, made


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=positive, default=5, help="rounds, interleaved (5)")
    parser.add_argument("--rate", type=positive, default=1000, help="windows/s of the load (1000)")
    parser.add_argument("--pushes", type=positive, default=100, help="beds with an alert (100)")
    parser.add_argument("--nights", type=positive, default=20, help="old ones of each bed (20)")
    args = parser.parse_args()
    names = [f"decide-{number}" for number in range(args.pushes)]
    fired = deciding_seq(window)
    found: dict[str, list[Delay]] = {kind: [] for kind in KINDS}
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "grown").mkdir()
        made = dict(stores(Path(name), names, fired, args.nights))
        for _ in range(args.rounds):
            for kind, store in made.items():
                found[kind].append(measured(store, names, args.rate, fired))
    print(f"{'meanwhile':<10} {'p50 ms':>8} {'p99 ms':>8} {'of nothing':>11} {'done':>9}")
    calm = statistics.median(one.p99_ms for one in found[NOTHING])
    for kind, runs in found.items():
        p50, p99, done = (statistics.median(values) for values in zip(*runs, strict=True))
        print(f"{kind:<10} {p50:>8.1f} {p99:>8.1f} {p99 / calm:>11.2f} {done:>9,.0f}")


if __name__ == "__main__":
    main()
