"""Measure how fast nights are replayed: by the engine alone, and as files by the command.

    .venv/bin/python tests/bench/replay_rate.py [--rounds 7]
    .venv/bin/python tests/bench/replay_rate.py --nights 365 [--other TREE]

Without --nights it measures the windows per second of the engine. The ratio compares a replay with
making the windows, in the same run. It depends less on the machine than the rate does.

With --nights it makes so many nights, and times `legwatch replay` of all of them: on all cores, on
one, and with --other also by another tree, such as a checkout of an earlier commit. The rounds
change from one to the next, so that a busy machine slows all of them; the table has the medians.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.trees import environment
from legwatch.engine import replay, start
from legwatch.events import Window
from legwatch.state_codec import to_json
from legwatch.testing import drive, night, uncovering
from legwatch_lab.nights.command import main as make_nights
from legwatch_lab.score.command import positive
from repository import REPO, rules

BASE = "rebuild the windows, no engine"
SEED = "7"


def main() -> None:
    """Print a table of medians; each round runs every row once."""
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "--rounds",
        type=positive,
        default=7,
        help="number of rounds; the table has their median (7)",
    )
    parser.add_argument("--nights", type=positive, help="replay so many nights by the command")
    parser.add_argument("--other", type=Path, metavar="TREE", help="compare with this tree")
    args = parser.parse_args()
    if args.nights:
        _commands(args.nights, args.rounds, args.other)
    else:
        _engine(args.rounds)


def _engine(rounds: int) -> None:
    quiet = list(night())
    cold = list(night(leg=uncovering((120, 200), (300, 420))))
    rows: dict[str, Callable[[], object]] = {
        BASE: lambda: deque((Window(*w) for w in quiet), maxlen=0),
        "a quiet night": lambda: deque(replay(quiet, rules()), maxlen=0),
        "a night with two cold spells": lambda: deque(replay(cold, rules()), maxlen=0),
    }
    took = _timed(rows, rounds)
    for name, seconds in took.items():
        rate, base = (len(quiet) / median(took[row]) for row in (name, BASE))
        best = len(quiet) / min(seconds)
        print(f"{name:<32} {rate:>10,.0f} windows/s {rate / base:>7.3f}   best {best:>10,.0f}")
    state, _ = drive(start(), cold, rules())
    print(f"{'state of one bed':<32} {len(to_json(state)):>10,} bytes of JSON")


def _commands(nights: int, rounds: int, other: Path | None) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_nights(["make", "--seed", SEED, "--count", str(nights), "--out", str(folder / "n")])
        files = sorted(map(str, (folder / "n").glob("*.csv.gz")))
        mine = environment(REPO, folder / "this")
        rows: dict[str, Callable[[], object]] = {}
        if other:
            theirs = environment(other.resolve(), folder / "other")
            rows["the other tree"] = partial(_replay, files, theirs)
        rows["all cores"] = partial(_replay, files, mine)
        rows["one core"] = partial(_replay, ["--jobs", "1", *files], mine)
        for run in rows.values():  # writes the bytecode
            run()
        took = _timed(rows, rounds)
    first = median(next(iter(took.values())))
    for row, seconds in took.items():
        each_ms = 1000 * median(seconds) / nights
        span = f"{min(seconds):.2f}-{max(seconds):.2f}"
        print(
            f"{row:<16} {median(seconds):>7.2f} s ({span})  {each_ms:>6.1f} ms a night"
            f"  {first / median(seconds):>5.2f} times the first row"
        )


def _replay(words: Sequence[str], way: Mapping[str, str]) -> None:
    command = (sys.executable, "-m", "legwatch", "replay", *words)
    subprocess.run(command, env=way, stdout=subprocess.DEVNULL, check=True)


def _timed(rows: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    took: dict[str, list[float]] = {name: [] for name in rows}
    for _ in range(rounds):
        for name, run in rows.items():
            begun = time.perf_counter()
            run()
            took[name].append(time.perf_counter() - begun)
    return took


if __name__ == "__main__":
    main()
