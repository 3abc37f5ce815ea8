"""Measure how long each command takes to start: its help, and what it says of an empty store.

    .venv/bin/python tests/bench/command_start.py [--rounds 7] [--only WORD] [--other TREE]

Each row is a new process, with bytecode as in an installation. All rows of a round run one after
the other, so that a busy machine slows all of them; the table has the medians. `bare` is a Python
that does nothing. --other compares with another tree, such as a checkout of an earlier commit.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.trees import environment
from legwatch_lab.score.command import positive
from legwatch_server.settings_file import read
from legwatch_server.testing import InProcessServer
from repository import REPO

BEGIN_MS = 1_767_700_000_000
WRONG = 2  # the exit code of a command that another tree does not have
Took = dict[tuple[str, str], list[tuple[float, float]]]


def main() -> None:
    """Print a table of medians, in ms of the clock and of the processor."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=positive, default=7, help="rounds; medians are shown (7)")
    parser.add_argument("--only", default="", metavar="WORD", help="only rows with this word")
    parser.add_argument("--other", type=Path, metavar="TREE", help="compare with this tree")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        trees = {"this": REPO} | ({"other": args.other.resolve()} if args.other else {})
        ways = {tree: environment(path, folder / tree) for tree, path in trees.items()}
        rows = {name: row for name, row in _rows(_empty_store(folder)).items() if args.only in name}
        took: Took = {}
        for number in range(args.rounds + 1):  # the first round writes the bytecode
            for row, words in rows.items():
                for tree, way in ways.items():
                    found = _timed(words, way)
                    if number and found:
                        took.setdefault((row, tree), []).append(found)
    print(f"{'':<24} {'ms':>6} {'cpu':>6}" + ("  other: ms, cpu, ratio" if args.other else ""))
    for row in rows:
        print(_line(row, took))


def _rows(settings: Path) -> dict[str, Sequence[str]]:
    project = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    commands = sorted(project["entry-points"]["legwatch.commands"])
    helps = {f"{name} --help": ("-m", "legwatch", name, "--help") for name in commands}
    asked = ("duty", "alerts", "now", "beds", "settings", "check-config")
    config = ("--config", str(settings))
    real = {
        f"{name}, empty store": (
            "-m",
            "legwatch",
            *name.split(),
            *((str(settings),) if name == "check-config" else config),
        )
        for name in asked
    }
    return {"bare": ("-c", "pass"), "--help": ("-m", "legwatch", "--help"), **helps, **real}


def _empty_store(folder: Path) -> Path:
    """Return the settings file of a server that has run, and has heard of nobody."""
    state, file = folder / "state", folder / "server.toml"
    state.mkdir()
    file.write_text(
        f'state_dir = "{state}"\nzone = "UTC"\n[people.anna]\nchannels = ["console"]\n',
        encoding="utf-8",
    )
    InProcessServer(state, read(file), begin_ms=BEGIN_MS).close()
    return file


def _timed(words: Sequence[str], way: Mapping[str, str]) -> tuple[float, float] | None:
    """Return ms of the clock and of the processor; None for a command that is not there."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run([sys.executable, *words], env=way, capture_output=True, check=False)
    ms = (time.perf_counter() - begun) * 1000
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode == WRONG:
        return None
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return ms, cpu_s * 1000


def _line(row: str, took: Took) -> str:
    mine, others = ([*zip(*took.get((row, tree), []), strict=True)] for tree in ("this", "other"))
    if not mine:
        return f"{row:<24} not possible"
    ms, cpu_ms = map(median, mine)
    text = f"{row:<24} {ms:6.0f} {cpu_ms:6.0f}"
    if not others:
        return text
    other_ms, other_cpu_ms = map(median, others)
    return f"{text}  {other_ms:6.0f} {other_cpu_ms:6.0f} {cpu_ms / other_cpu_ms:6.2f}"


if __name__ == "__main__":
    main()
