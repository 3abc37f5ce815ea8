"""The campaign `clocks`: machines whose clocks step, in rows; each row is one night.

`python -m campaigns.clocks` lives through a sample of the rows, `--long` through all of them. It
prints a table, and ends with 1 if a row is wrong:
- told: a bedside that dies is told by a sound within 16.5 min, and not before 14 min
- false: no other sound for a bedside that lives
- push: a push leaves within 60 s of its time
- beat: the heartbeat stops within its interval and 180 s after the last bedside has died
- cold: uncovered legs are told at most 2 min later than with right clocks
"""

import argparse
import logging
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from campaigns.clock_house import ALL_DIE_AT_S, DIES_AT_S, TURN_S, Arrival, ClockHouse, Lived
from campaigns.clock_rows import MINUTE_S, SLEEP, SLEEP_S, Row, every_row, sample
from campaigns.table import show
from server.service import Service

TOLD_S = (14 * MINUTE_S, 990)
PUSH_S = 60
BEAT_S = 180 + MINUTE_S
LATER_S = 120
SAMPLE = 12


class Line(NamedTuple):
    """One row of the table; -1: it never came."""

    row: Row
    told_s: int
    false: int
    push_s: int
    beat_s: int
    later_s: int
    wrong: tuple[str, ...]

    def __str__(self) -> str:
        """Return the line as it is printed."""
        row = self.row
        name = f"{row.side:6} {row.when:8} {row.step:15} {row.lasts:9}"
        told = f"{self.told_s / 60:6.1f}" if self.told_s >= 0 else " never"
        later = f"{self.later_s:6}" if self.later_s > -999 else " never"
        said = ", ".join(self.wrong) or "good"
        return f"{name} {told} {self.false:5} {self.push_s:6} {self.beat_s:6} {later}  {said}"


HEAD = (
    f"{'side':6} {'when':8} {'step':15} {'lasts':9} {'told':>6} {'false':>5} {'push':>6}"
    f" {'beat':>6} {'cold':>6}\n"
    f"{'':41} {'min':>6} {'':>5} {'s':>6} {'s':>6} {'+s':>6}"
)


class Right(NamedTuple):
    """The night in which all clocks are right."""

    cold_s: int
    next_s: int  # from the first person to the next


def lines(rows: Iterable[Row]) -> Iterator[Line]:
    """Live through each row, and judge it."""
    watcher = Service()
    try:
        right = _right(_live(None, watcher))
        for row in rows:
            due_at_s = right.cold_s + right.next_s - MINUTE_S
            yield judged(row, _live(row, watcher, due_at_s), right)
    finally:
        watcher.close()


def _live(row: Row | None, watcher: Service, due_at_s: int = 0) -> Lived:
    with tempfile.TemporaryDirectory() as folder:
        return ClockHouse(Path(folder), watcher).live(row, due_at_s)


def _right(lived: Lived) -> Right:
    cold = [push for push in lived.pushes if push.bed == "cold" and push.at_s < ALL_DIE_AT_S]
    first_s = next(push.at_s for push in cold if push.channel == "phone")
    next_s = next(push.at_s for push in cold if push.channel == "pager") - first_s
    return Right(first_s, next_s)


def judged(row: Row, lived: Lived, right: Right) -> Line:
    """Return the line of a row."""
    pushes = [push for push in lived.pushes if push.at_s <= ALL_DIE_AT_S + 13 * MINUTE_S]
    dead = [p.at_s - DIES_AT_S for p in pushes if p.bed == "dies" and p.at_s > DIES_AT_S]
    cold = [p for p in pushes if p.bed == "cold" and p.at_s > DIES_AT_S]
    told_s = dead[0] if dead else -1
    false = [p for p in pushes if p.bed == "well" or p.at_s <= DIES_AT_S]
    later_s = cold[0].at_s - right.cold_s if cold else -999
    push_s = _latest(cold, right)
    beat_s = lived.last_beat_s - ALL_DIE_AT_S
    slept_s = SLEEP_S if row.step == SLEEP else 0
    # While the machine sleeps nothing can be measured or sent.
    checks = {
        "told": TOLD_S[0] <= told_s <= TOLD_S[1],
        "false": not false,
        "push": 0 <= push_s <= PUSH_S + slept_s + TURN_S,
        "beat": lived.last_beat_s >= 0 and beat_s <= BEAT_S,
        "cold": -LATER_S <= later_s <= LATER_S + slept_s,
        "quarantine": not lived.quarantined,
    }
    wrong = tuple(name for name, good in checks.items() if not good)
    return Line(row, told_s, len(false), push_s, beat_s, later_s, wrong)


def _latest(cold: list[Arrival], right: Right) -> int:
    """Return how late the latest of a bed's first pushes left, s; -1: one never did."""
    first = next((push for push in cold if push.channel == "phone"), None)
    after = next((push for push in cold if push.channel == "pager"), None)
    if first is None or after is None:
        return -1
    return max(first.at_s - first.decided_s, abs(after.at_s - first.at_s - right.next_s))


def main() -> int:
    """Print the table; 1 if a row is wrong."""
    parser = argparse.ArgumentParser(prog="python -m campaigns.clocks")
    parser.add_argument("--long", action="store_true", help="all rows instead of a sample")
    parser.add_argument("--seed", type=int, default=24, help="which sample")
    parser.add_argument("--only", default="", help="only rows with this text in their names")
    args = parser.parse_args()
    logging.disable(logging.CRITICAL)
    rows = list(every_row()) if args.long or args.only else sample(args.seed, SAMPLE)
    rows = [row for row in rows if args.only in " ".join(row)]
    return show(HEAD, lines(rows))


if __name__ == "__main__":
    sys.exit(main())
