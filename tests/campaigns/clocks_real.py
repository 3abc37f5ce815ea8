"""The campaign `clocks_real`: real processes on machines whose wall clocks step.

`python -m campaigns.clocks_real` lives through two rows for 40 s each, `--long` through all, and
then the bedside dies; all rows at the same time. libfaketime moves the wall clock of one process
and leaves its elapsed clocks alone. It prints a table, and ends with 1 if a row is wrong:
- told: a bedside that dies is told by a sound within its limit of 5 min, and 98 s at most
- false: no sound for a bedside that lives
- late: windows that were not judged; after a start, some of the first seconds may be
- off: how far a window that was judged lies from its arrival
- beat: the heartbeat goes on while the bedside lives, and stops within 190 s after its death
"""

import argparse
import logging
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from campaigns.clocks_real_house import ClocksHouse, Lived
from campaigns.false_clock import LIBRARIES
from campaigns.table import show

# The limit, a whole minute, its grace of 30 s, the lag of the tick of 2 s, and the push.
LIMIT_S, LATER_S = 300, 98
BEAT_S, SILENT_S = 10, 180
MOST_LATE = 5  # windows of a second each
OFF_S = 5.0


class Row(NamedTuple):
    """One step of one machine's clock; `lasts_s` 0: it stays wrong."""

    side: str  # server or agent
    when: str  # first: at its start. run: while all is well. silence: after the bedside has died.
    by_s: int  # 0: the clock stands in 1970
    lasts_s: int


ROWS = (
    Row("server", "run", 3600, 20),
    Row("agent", "run", -3600, 0),
    Row("server", "first", -7200, 20),
    Row("server", "first", 0, 20),
    Row("server", "run", 7200, 120),
    Row("server", "run", -7200, 0),
    Row("server", "silence", 3600, 20),
    Row("server", "silence", -3600, 0),
    Row("agent", "first", 0, 0),
    Row("agent", "first", -86_400, 120),
    Row("agent", "run", 28_800, 20),
)
SHORT = 2


class Line(NamedTuple):
    """One row of the table."""

    row: Row
    lived: Lived
    wrong: tuple[str, ...]

    def __str__(self) -> str:
        """Return the line as it is printed."""
        row, lived = self.row, self.lived
        step = f"{row.by_s:+d} s" if row.by_s else "to 1970"
        lasts = f"{row.lasts_s} s" if row.lasts_s else "for good"
        name = f"{row.side:6} {row.when:8} {step:9} {lasts:9}"
        said = ", ".join(self.wrong) or "good"
        figures = f"{_told(lived):>6} {lived.false:5} {lived.late:5} {lived.off_s:6.1f}"
        return f"{name} {figures} {lived.beat_s:6.0f}  {said}"


HEAD = (
    f"{'side':6} {'when':8} {'step':9} {'lasts':9} {'told s':>6} {'false':>5} {'late':>5}"
    f" {'off s':>6} {'beat s':>6}"
)


def _told(lived: Lived) -> str:
    if lived.told_s is None:
        return "-" if lived.lives else "never"
    return f"{lived.told_s:.0f}"


def campaign(rows: Sequence[Row], *, long: bool) -> Iterator[Line]:
    """Live through rows, all at the same time."""
    with ThreadPoolExecutor(len(rows)) as pool:
        for row, lived in zip(rows, pool.map(lambda row: _live(row, long=long), rows), strict=True):
            yield Line(row, lived, _wrong(lived))


def _live(row: Row, *, long: bool) -> Lived:
    with tempfile.TemporaryDirectory() as folder, ClocksHouse(Path(folder), row.side) as house:
        return house.live(row.when, row.by_s, row.lasts_s, dies=long)


def _wrong(lived: Lived) -> tuple[str, ...]:
    told_s = lived.told_s
    checks = {
        "told": lived.lives or (told_s is not None and LIMIT_S <= told_s <= LIMIT_S + LATER_S),
        "false": not lived.false,
        "windows": lived.windows >= lived.due_windows,
        "late": lived.late <= MOST_LATE,
        "off": lived.off_s <= OFF_S,
        "beat": -3 * BEAT_S <= lived.beat_s <= SILENT_S + BEAT_S,
        "said": lived.said,
    }
    return tuple(name for name, good in checks.items() if not good)


def main() -> int:
    """Print the table; 1 if a row is wrong."""
    parser = argparse.ArgumentParser(prog="python -m campaigns.clocks_real")
    parser.add_argument("--long", action="store_true", help="all rows, and the bedside dies")
    args = parser.parse_args()
    if not LIBRARIES:
        print("libfaketime is not installed: sudo apt install faketime")
        return 2
    logging.disable(logging.CRITICAL)
    rows = ROWS if args.long else ROWS[:SHORT]
    return show(HEAD, campaign(rows, long=args.long))


if __name__ == "__main__":
    sys.exit(main())
