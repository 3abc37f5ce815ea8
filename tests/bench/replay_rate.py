"""Measure the windows per second that the engine replays, and the cost of making the windows.

    .venv/bin/python tests/bench/replay_rate.py [--rounds 7]

The ratio compares a replay with making the windows, in the same run. It depends less on the machine
than the rate does.
"""

import argparse
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from legwatch.engine import replay, start
from legwatch.events import Window
from legwatch.state_codec import to_json
from legwatch.testing import drive, night, uncovering
from legwatch_lab.score.command import positive
from repository import rules

BASE = "rebuild the windows, no engine"


def main() -> None:
    """Print a table of medians; each round runs every row once."""
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "--rounds",
        type=positive,
        default=7,
        help="number of rounds; the table has their median (7)",
    )
    rounds = parser.parse_args().rounds
    quiet = list(night())
    cold = list(night(leg=uncovering((120, 200), (300, 420))))
    rows: dict[str, Callable[[], object]] = {
        BASE: lambda: deque((Window(*w) for w in quiet), maxlen=0),
        "a quiet night": lambda: deque(replay(quiet, rules()), maxlen=0),
        "a night with two cold spells": lambda: deque(replay(cold, rules()), maxlen=0),
    }
    took: dict[str, list[float]] = {name: [] for name in rows}
    for _ in range(rounds):
        for name, run in rows.items():
            begun = time.perf_counter()
            run()
            took[name].append(time.perf_counter() - begun)
    for name, seconds in took.items():
        rate, base = (len(quiet) / median(took[row]) for row in (name, BASE))
        best = len(quiet) / min(seconds)
        print(f"{name:<32} {rate:>10,.0f} windows/s {rate / base:>7.3f}   best {best:>10,.0f}")
    state, _ = drive(start(), cold, rules())
    print(f"{'state of one bed':<32} {len(to_json(state)):>10,} bytes of JSON")


if __name__ == "__main__":
    main()
