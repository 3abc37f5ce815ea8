"""The campaign "damage": whatever is done to its files, the server tells a cold bed.

    python -m campaigns.damage           a sample, for CI
    python -m campaigns.damage --long    500 random damages, each page, each index

Each row is one kind of damage. After it a cold night of another bed is sent through the server's
own parts, and the push must come in its time. The exit code is 1 if a night of any row ended in
another way.
"""

import argparse
import shutil
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import NamedTuple

from campaigns import aged, harm
from campaigns.cold_night import GOOD, Fate, Night, run

DB = "legwatch.db"
RANDOM_LONG, RANDOM_SHORT = 500, 36


class Case(NamedTuple):
    """One damage of a row; `source` is the folder that is copied and damaged."""

    row: str
    name: str
    source: Path
    damage: Callable[[Path], None]


class Row(NamedTuple):
    """What came of all damages of a kind."""

    name: str
    fates: Counter[Fate]
    wrong: tuple[str, ...]
    most_log_bytes: int

    @property
    def good(self) -> bool:
        """True if every night of the row was told or refused."""
        return not self.wrong


def cases(folder: Path, *, long: bool) -> Iterator[Case]:
    """Yield all damages; the folders to damage are made below `folder`."""
    stopped, crashed = aged.make(folder / "stopped"), aged.make_crashed(folder / "crashed")
    yield Case("nothing", "nothing", stopped, lambda _: None)
    count = RANDOM_LONG if long else RANDOM_SHORT
    kinds = list(harm.KINDS)
    for seed in range(count):
        kind = kinds[seed % len(kinds)]
        in_log = seed // len(kinds) % 3 == 2
        file, source = (f"{DB}-wal", crashed) if in_log else (DB, stopped)
        row = f"{kind}, {'log' if in_log else 'database'}"
        yield Case(row, f"{kind} {seed}", source, partial(_harm, file, kind, seed))
    pages = stopped.joinpath(DB).stat().st_size // harm.PAGE_BYTES
    for number in range(1, pages + 1, 1 if long else 9):
        yield Case("each page", f"page {number}", stopped, partial(_zero, number))
    for name, page in indexes(stopped / DB):
        yield Case("each index", name, stopped, partial(_zero, page))


def indexes(path: Path) -> list[tuple[str, int]]:
    """Return the name and the first page of each index."""
    with closing(sqlite3.connect(path)) as db:
        sql = "SELECT name, rootpage FROM sqlite_master WHERE type='index' ORDER BY name"
        return db.execute(sql).fetchall()


def _harm(file: str, kind: str, seed: int, folder: Path) -> None:
    harm.damage(folder / file, kind, seed)


def _zero(number: int, folder: Path) -> None:
    harm.zero_page(folder / DB, number)


def nights(folder: Path, *, long: bool) -> Iterator[tuple[Case, Night]]:
    """Send a night after each damage."""
    for case in cases(folder, long=long):
        place = folder / "run"
        shutil.copytree(case.source, place)
        case.damage(place)
        yield case, run(place)
        shutil.rmtree(place)


def rows(folder: Path, *, long: bool = False) -> list[Row]:
    """Return the table of the campaign."""
    found: dict[str, list[tuple[Case, Night]]] = {}
    for case, night in nights(folder, long=long):
        found.setdefault(case.row, []).append((case, night))
    return [_row(name, done) for name, done in found.items()]


def _row(name: str, done: list[tuple[Case, Night]]) -> Row:
    wrong = [f"{case.name}: {n.fate}: {n.detail}" for case, n in done if n.fate not in GOOD]
    fates = Counter(night.fate for _, night in done)
    return Row(name, fates, tuple(wrong), max(night.log_bytes for _, night in done))


def main() -> int:
    """Print the table; 1 if a row is wrong."""
    parser = argparse.ArgumentParser(prog="campaigns.damage", description=__doc__)
    parser.add_argument("--long", action="store_true", help="all 500 random damages, each page")
    parser.add_argument("--wrong", action="store_true", help="name each damage that went wrong")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        table = rows(Path(folder), long=args.long)
    for row in table:
        counts = ", ".join(f"{count} {fate}" for fate, count in row.fates.most_common())
        print(f"{'ok   ' if row.good else 'WRONG'} {row.name:18} {counts}")
        for line in row.wrong if args.wrong else ():
            print(f"        {line[:160]}")
    total = sum((row.fates for row in table), Counter[Fate]())
    print(f"in all: {', '.join(f'{count} {fate}' for fate, count in total.most_common())}")
    return 0 if all(row.good for row in table) else 1


if __name__ == "__main__":
    sys.exit(main())
