"""The campaign `cuts`: a bedside loses its power, or is killed, at any moment.

    python -m campaigns.cuts             a sample, for CI
    python -m campaigns.cuts --long      1,000 of each kind

- killed: a process with the agent's own parts is killed by SIGKILL
- cut: the power goes; `cut_card` says what is modelled
- cut, harmed: and what is left has flipped bytes, lost pages or a lost end

Each bedside must start again and send what it measures. No window that the server has not is lost,
but for those of the last 10 s; if the files are harmed, the server hears that windows are lost. The
exit code is 1 if a bedside of any kind ends in another way.
"""

import argparse
import logging
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from campaigns import harm
from campaigns.cut_bed import FILE, Bed, Left, Made, after, faults, flushes
from campaigns.cut_card import CutCard
from campaigns.table import show

SHORT, LONG = 25, 1000
LONGEST_TURNS, LONGEST_S = 300, 0.12


class Row(NamedTuple):
    """What came of all cuts of a kind."""

    name: str
    cuts: int
    made: int
    waited: int  # windows that the server had not at the cut
    gone: int  # of these, windows that nobody has afterwards
    told: int  # bedsides that have told of lost windows
    wrong: tuple[str, ...]

    def __str__(self) -> str:
        """Return the line as it is printed."""
        said = "; ".join(self.wrong[:3]) or "good"
        figures = f"{self.cuts:5} {self.made:8} {self.waited:8} {self.gone:6} {self.told:5}"
        return f"{self.name:12} {figures}  {said}"


HEAD = f"{'kind':12} {'cuts':>5} {'windows':>8} {'waiting':>8} {'gone':>6} {'told':>5}"


def killed(folder: Path, seed: int) -> tuple[Made, Left]:
    """Kill a process at any moment; it writes what it does into a pipe before it does it."""
    chance, (out, into) = random.Random(f"kill {seed}"), os.pipe()
    live = folder / "live"
    live.mkdir()
    child = os.fork()
    if not child:
        _live(live, chance, into)
    os.close(into)
    with os.fdopen(out) as lines:
        lines.readline()  # it lives
        time.sleep(chance.random() * LONGEST_S)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        said = [line.split() for line in lines if line.endswith("\n")]
    windows = {int(seq): int(at) for word, seq, at in said if word == "made"}
    stored = {int(seq) for word, seq, _ in said if word == "stored"}
    cut_ms = max((int(at) for _, _, at in said), default=0)
    return Made(windows, stored, cut_ms), after(live)


def _live(folder: Path, chance: random.Random, into: int) -> None:
    """Live until the end of this process."""
    try:
        bed = Bed(folder, chance)
        os.write(into, b"lives 0 0\n")
        while True:
            bed.turn(lambda *words: os.write(into, b"%s %d %d\n" % (words[0].encode(), *words[1:])))
    finally:
        os._exit(1)


def cut(folder: Path, seed: int) -> tuple[Made, Left]:
    """Take the power away at any moment."""
    made, _ = _cut(folder, random.Random(f"cut {seed}"))
    return made, after(folder / "left")


def harmed(folder: Path, seed: int) -> tuple[Made, Left]:
    """Take the power away, and damage a file."""
    made, chance = _cut(folder, random.Random(f"harm {seed}"))
    files = [path for path in (folder / "left").iterdir() if path.stat().st_size]
    if files:
        harm.damage(chance.choice(sorted(files)), chance.choice(list(harm.KINDS)), seed)
    return made, after(folder / "left")


def _cut(folder: Path, chance: random.Random) -> tuple[Made, random.Random]:
    live = folder / "live"
    live.mkdir()
    card = CutCard(live)
    with flushes(card.flushed):
        bed = Bed(live, chance)
        for _ in range(chance.randrange(1, LONGEST_TURNS)):
            bed.turn()
            if card.has_checkpointed():
                if chance.random() < 0.3:
                    break
                card.flushed()
        card.cut(folder / "left", chance)
        bed.close()
    return Made(bed.made, bed.stored, bed.now_ms), chance


KINDS: dict[str, Callable[[Path, int], tuple[Made, Left]]] = {
    "killed": killed,
    "cut": cut,
    "cut, harmed": harmed,
}
assert FILE == "spool.db"


def rows(count: int, only: str = "") -> Iterator[Row]:
    """Yield the table of the campaign."""
    for name, kind in KINDS.items():
        if only in name:
            yield _row(name, kind, count)


def _row(name: str, kind: Callable[[Path, int], tuple[Made, Left]], count: int) -> Row:
    wrong, windows, waited, gone, told = list[str](), 0, 0, 0, 0
    for seed in range(count):
        folder = Path(tempfile.mkdtemp())
        try:
            made, left = kind(folder, seed)
            found = faults(made, left, damaged=kind is harmed)
        except Exception as error:
            wrong.append(f"{seed}: {type(error).__name__}: {error}")
            continue
        finally:
            shutil.rmtree(folder)
        wrong += [f"{seed}: {fault}" for fault in found]
        waiting = set(made.windows) - made.stored
        windows, waited = windows + len(made.windows), waited + len(waiting)
        gone, told = gone + len(waiting - left.sent), told + bool(left.told_lost)
    return Row(name, count, windows, waited, gone, told, tuple(wrong))


def main() -> int:
    """Print the table; 1 if a row is wrong."""
    parser = argparse.ArgumentParser(prog="python -m campaigns.cuts")
    parser.add_argument("--long", action="store_true", help=f"{LONG:,} of each kind")
    parser.add_argument("--only", default="", help="only kinds with this text in their names")
    args = parser.parse_args()
    logging.disable(logging.CRITICAL)
    return show(HEAD, rows(LONG if args.long else SHORT, args.only))


if __name__ == "__main__":
    sys.exit(main())
