"""Measure what a window costs the writer thread, and what one bed writes to the disk in a day.

    .venv/bin/python tests/bench/owner_cost.py [--beds 100 10000] [--minutes 20]

The server's own parts run in this process, without a broker: live windows of every bed arrive in
batches, and only the time of the writer thread counts. The disk is measured with each window in a
transaction of its own, as for one bed at its real pace. Compare the ratios of one machine and day.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from legwatch.contract.topics import Channel, topic
from legwatch.contract.window import encode_window
from legwatch.settings import load
from legwatch.testing import WINDOW_MS, live_window, ms
from legwatch_server.settings import ServerSettings
from legwatch_server.testing import InProcessServer

BEGIN = ms("2026-01-02T21:00Z")
BATCH = 500
WINDOWS_A_DAY = 8640


def opened(folder: Path, beds: int) -> InProcessServer:
    """Start a server that pushes nothing, with so many beds in its settings."""
    named: dict[str, Any] = {f"bed-{n}": {} for n in range(beds)}
    made = load(ServerSettings, {"rehearsal": {"at": ""}, "beds": named})
    return InProcessServer(folder, made, begin_ms=BEGIN)


def payload(seq: int) -> bytes:
    """Return a window of a warm sleeper who turns now and then."""
    seen: dict[str, Any] = {
        "leg_c": 31.0 + seq % 7 / 10,
        "leg_rh": 48.0,
        "room_c": 18.4,
        "room_rh": 51.0,
    }
    moves = 3 if seq % 120 == 1 else 0
    return encode_window(live_window(seq, BEGIN + seq * WINDOW_MS, moves=moves, **seen))


def owner_us(beds: int, minutes: int) -> float:
    """Return the median of the writer's CPU time for one window, microseconds."""
    spent: list[float] = []
    names = [topic(f"bed-{n}", Channel.WINDOW) for n in range(beds)]
    with tempfile.TemporaryDirectory() as folder:
        server = opened(Path(folder), beds)
        for seq in range(1, minutes * 6 + 1):
            server.clock.advance(BEGIN + seq * WINDOW_MS - server.clock.now_ms)
            body = payload(seq)
            for first in range(0, beds, BATCH):
                batch = [server.message(name, body) for name in names[first : first + BATCH]]
                begun = time.thread_time()
                server.turn(batch)
                spent.append((time.thread_time() - begun) * 1e6 / len(batch))
        server.close()
    # Whole minutes: the windows that end a minute cost more than the others.
    rounds = -(-beds // BATCH) * 6
    whole = [statistics.fmean(spent[i : i + rounds]) for i in range(0, len(spent), rounds)]
    return statistics.median(whole)


def written_mb(minutes: int) -> float:
    """Return what one bed writes in a day, MB, with one window in a transaction."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        server = opened(Path(folder), 1)
        before = _written()
        for seq in range(1, minutes * 6 + 1):
            server.clock.advance(BEGIN + seq * WINDOW_MS - server.clock.now_ms)
            server.turn([server.message(topic("bed", Channel.WINDOW), payload(seq))])
        written = _written() - before
        server.close()
    return written / (minutes * 6) * WINDOWS_A_DAY / 1e6


def _written() -> int:
    lines = Path("/proc/self/io").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("wchar"))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--beds", type=int, nargs="+", default=(100, 10_000))
    parser.add_argument("--minutes", type=int, default=20, help="minutes of every bed (20)")
    args = parser.parse_args()
    for beds in args.beds:
        print(f"{beds:>7} beds: {owner_us(beds, args.minutes):6.1f} us of the writer for a window")
    print(f"      1 bed:  {written_mb(120):6.1f} MB written in a day")


if __name__ == "__main__":
    main()
