"""Measure what a night writes to the card: bytes and flushes of the agent, and of the server.

    .venv/bin/python tests/bench/card.py [--minutes 10] [--settle 16]

A broker, a server with one bed and its agent with simulated sensors run in real time; strace counts
their flushes, and the kernel their bytes. What a part of the night writes is scaled to 10 hours.
`--tree` is a checkout of another version. `--away`: there is no server, and the agent keeps all.
`--work` is a folder on the disk to be measured: a folder in memory counts no bytes.
"""

import argparse
import sys
import tempfile
import time
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tomlkit import dumps as dump

from bench.stage import Bench, cpu_s, of_tree
from bench.written import Flushes, family, resident_mb, written_bytes
from end_to_end.house import LEGWATCH, Process, wait_until

NIGHT_S = 10 * 3600
SETTLE_MIN = 16.0  # for a quarter of an hour after its start a server notes more than later
GOALS = {"agent": (20.0, 3600), "server": (30.0, None)}


class Written(NamedTuple):
    """What one program writes in a night, as scaled from a part of it."""

    program: str
    night_mb: float
    flushes: float
    least_s: float  # between two flushes
    cpu_s: float
    rss_mb: float

    def __str__(self) -> str:
        """Return the row of the table."""
        most_mb, most = GOALS[self.program]
        goal = f"{most_mb:g} MB" + (f", {most:,}" if most else "")
        return (
            f"{self.program:8} {self.night_mb:8.1f} {self.flushes:9,.0f} {self.least_s:8.2f}"
            f" {self.cpu_s:7.1f} {self.rss_mb:6.1f}   {goal}"
        )


HEAD = f"{'program':8} {'MB':>8} {'flushes':>9} {'least s':>8} {'CPU s':>7} {'RSS MB':>6}   goal"


def measure(folder: Path, minutes: float, tree: Path | None = None, **how: Any) -> list[Written]:
    """Run a part of a night, and return what each program writes in a whole one.

    `how`: `away`, `window_s`, and the minutes to `settle` before.
    """
    bench = Bench(folder)
    try:
        programs = {"agent": _agent(bench, tree, how.get("window_s", 10))}
        if not how.get("away"):
            programs["server"] = _server(bench, tree)
        time.sleep(how.get("settle", SETTLE_MIN) * 60)
        return _watched(programs, folder, minutes * 60)
    finally:
        bench.close()


def _watched(programs: dict[str, Process], folder: Path, seconds: float) -> list[Written]:
    with ExitStack() as held:
        flushes = {
            name: held.enter_context(Flushes(family(process.pid), folder / f"{name}.trace"))
            for name, process in programs.items()
        }
        before = {name: _stand(process) for name, process in programs.items()}
        time.sleep(seconds)
        after = {name: _stand(process) for name, process in programs.items()}
    scale, rows = NIGHT_S / seconds, []
    for name, process in programs.items():
        assert process.code is None, process.said()
        more = [late - early for early, late in zip(before[name], after[name], strict=True)]
        times = flushes[name].times
        least_s = min((b - a for a, b in pairwise(times)), default=seconds)
        rss_mb = sum(map(resident_mb, family(process.pid)))
        rows.append(
            Written(
                name, more[0] * scale / 1e6, len(times) * scale, least_s, more[1] * scale, rss_mb
            )
        )
    for process in programs.values():
        process.stop()
    return rows


def _stand(process: Process) -> tuple[float, float]:
    return sum(map(written_bytes, family(process.pid))), cpu_s(process.pid)


def _agent(bench: Bench, tree: Path | None, window_s: int) -> Process:
    path, of = bench.folder / "agent.toml", bench.folder / "agent-tree"
    sensors = {name: {"driver": "simulated"} for name in ("leg", "room", "movement")}
    table = {
        "bed": "anna",
        "state_dir": str(bench.folder / "agent"),
        "window_s": window_s,
        "clock": "trusted",
        "mqtt": {"port": bench.port},
        "sensors": sensors,
    }
    path.write_text(dump(table))
    of.mkdir()
    words = (*LEGWATCH, "agent", "--config", str(path))
    process = Process(words, bench.folder / "agent.log", of_tree(tree, of))
    spool = bench.folder / "agent" / "spool.db"
    wait_until(lambda: spool.exists() or process.code is not None, "the agent")
    assert process.code is None, process.said()
    return process


def _server(bench: Bench, tree: Path | None) -> Process:
    path = bench.folder / "server.toml"
    table = {
        "state_dir": str(bench.folder / "server"),
        "mqtt": {"port": bench.port},
        "http": {"port": 0},
        "rehearsal": {"at": ""},
        "beds": {"anna": {}},
        **({} if tree else {"clock": "trusted"}),  # older ones do not know it
    }
    path.write_text(dump(table))
    words = (*LEGWATCH, "server", "--config", str(path))
    process = Process(words, bench.folder / "server.log", of_tree(tree, bench.folder))
    wait_until(lambda: "server up" in process.said() or process.code is not None, "the server")
    assert process.code is None, process.said()
    return process


def main() -> int:
    """Print the table; 1 if a program is over its goal."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0, help="how long it is measured")
    parser.add_argument("--settle", type=float, default=SETTLE_MIN, help="minutes before that")
    parser.add_argument("--window-s", type=int, default=10, help="length of a window")
    parser.add_argument("--judge-nothing", action="store_true", help="end with 0 whatever it is")
    parser.add_argument("--tree", type=Path, help="a checkout of another version")
    parser.add_argument("--away", action="store_true", help="without a server")
    parser.add_argument("--work", type=Path, help="a folder on the disk to be measured")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.work) as folder:
        how = {"away": args.away, "window_s": args.window_s, "settle": args.settle}
        rows = measure(Path(folder), args.minutes, args.tree, **how)
    print(HEAD, *rows, sep="\n")
    over = any(row.night_mb > GOALS[row.program][0] for row in rows)
    return int(over and not args.judge_nothing)


if __name__ == "__main__":
    raise SystemExit(main())
