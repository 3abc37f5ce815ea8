"""Measure every command and the start of the server on a store of years beside an empty one.

    .venv/bin/python tests/bench/three_years.py [--beds 1] [--nights 1095] [--rounds 5]

All are asked in turn, round by round, and the medians are compared. `learned` replays nights; its
measure is a store that has only these. Where a store is kept, `--store FILE` takes it instead of
making one (`big_store.py --packed` with the same size).
"""

import argparse
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.big_store import ALERTS, Size, make
from bench.stage import cpu_s
from end_to_end.house import LEGWATCH, House
from legwatch_server.store.database import SqliteStore

FEW_NIGHTS = 8
MOST = 1.5  # so many times what an empty store takes
LEARNED = ("learned", "bed-0")
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("alerts",),
    ("alerts", "--night", "last"),
    ("alerts", "--night", "last", "--bed", "bed-0"),
    ("duty",),
    ("now",),
    ("now", "bed-0"),
    ("beds",),
    ("settings",),
    ("storage",),
    ("check-config",),
    LEARNED,
)


class Stand(NamedTuple):
    """A store with settings for it: none, a few nights, and all."""

    name: str
    house: House


class Row(NamedTuple):
    """What a command takes, seconds: the medians of each stand."""

    name: str
    empty_s: float
    few_s: float
    years_s: float

    @property
    def ratio(self) -> float:
        """The years beside what it is measured by."""
        return self.years_s / (self.few_s if self.name == " ".join(LEARNED) else self.empty_s)


def stands(size: Size, store: Path | None, work: Path) -> list[Stand]:
    """Make an empty store, one of a few nights and one of years, each with all beds in settings."""
    found = []
    for name, nights in (("empty", 0), ("few", FEW_NIGHTS), ("years", size.nights)):
        path = work / name / "server" / "legwatch.db"
        path.parent.mkdir(parents=True)
        house = House(work / name)
        if not nights:
            SqliteStore(path).close()
        elif name == "years" and store is not None:
            shutil.copy(store, path)
        else:
            make(path, size._replace(nights=nights), aged=True)
        house.write_server(beds={f"bed-{n}": {} for n in range(size.beds)})
        found.append(Stand(name, house))
    return found


def _clock(*, cpu: bool) -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime if cpu else time.perf_counter()


def command_s(stand: Stand, words: Sequence[str], *, cpu: bool) -> float:
    """Return how long a command takes, or how much of the processor."""
    config = str(stand.house.server_toml)
    asked = (*words, config) if words[0] == "check-config" else (*words, "--config", config)
    begun = _clock(cpu=cpu)
    done = subprocess.run((*LEGWATCH, *asked), capture_output=True, check=False)
    took_s = _clock(cpu=cpu) - begun
    known = stand.name != "empty"  # 1: something is wrong in the house
    assert done.returncode in {0, 1} or not known, done.stderr.decode()
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return took_s


def start_s(stand: Stand, *, cpu: bool) -> float:
    """Return how long a start takes until the broker has the server's subscription."""
    begun = time.perf_counter()
    server = stand.house.server()
    took_s = cpu_s(server.pid) if cpu else time.perf_counter() - begun
    server.stop()
    return took_s


def measured(made: Sequence[Stand], rounds: int, last_alert: int, *, cpu: bool) -> list[Row]:
    """Ask each stand for everything, round by round."""
    explain = ("alerts", "explain", str(last_alert))
    names = {" ".join(words): words for words in (*COMMANDS, explain)}
    times: dict[tuple[str, str], list[float]] = {}
    for _ in range(rounds):
        for name, words in names.items():
            for stand in made:
                times.setdefault((name, stand.name), []).append(command_s(stand, words, cpu=cpu))
    for stand in made:
        stand.house.broker()
    for _ in range(rounds):
        for stand in made:
            times.setdefault(("start of the server", stand.name), []).append(
                start_s(stand, cpu=cpu)
            )
    middle = {where: statistics.median(found) for where, found in times.items()}
    return [
        Row(name, *(middle[name, stand.name] for stand in made))
        for name in (*names, "start of the server")
    ]


def main() -> int:
    """Print a table; 1 if something takes more than MOST times as long."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--beds", type=int, default=1)
    parser.add_argument("--nights", type=int, default=1095)
    parser.add_argument("--windows", type=int, default=8640, help="a night and bed")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--cpu", action="store_true", help="only of the processor, where others use it too"
    )
    parser.add_argument("--store", type=Path, help="a store of this size that was made before")
    args = parser.parse_args()
    size = Size(args.beds, args.nights, args.windows)
    with tempfile.TemporaryDirectory() as folder:
        made = stands(size, args.store, Path(folder))
        try:
            rows = measured(made, args.rounds, size.beds * ALERTS * 3, cpu=args.cpu)
        finally:
            for stand in made:
                stand.house.__exit__()
    print(f"{size.beds} beds, {size.nights} nights, {size.total} windows; medians, ms")
    print(f"{'':<34} {'empty':>7} {'few':>7} {'years':>7}  times")
    for row in rows:
        times = " ".join(f"{1000 * found:>7.0f}" for found in row[1:])
        print(f"{row.name:<34} {times}  {row.ratio:>5.2f}{' !' if row.ratio > MOST else ''}")
    return int(any(row.ratio > MOST for row in rows))


if __name__ == "__main__":
    raise SystemExit(main())
