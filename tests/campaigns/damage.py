"""The campaign "damage": whatever is done to its files, the server tells a cold bed.

    python -m campaigns.damage           a sample, for CI
    python -m campaigns.damage --long    500 random damages, each page, each index

Each row is one kind of damage. After it a cold night of another bed is sent through the server's
own parts, and the push must come in its time; an agent must send what it measures; settings and
small files must be usable, or refused in one sentence. The exit code is 1 if a night of any row
ended in another way.
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

from campaigns import aged, harm, places, small_files, spools
from campaigns.cold_night import Fate, Night, run

DB = "legwatch.db"


class Amount(NamedTuple):
    """How many random damages of each kind of file; and of the pages each so many-th."""

    database: int
    spool: int
    small: int
    step: int


SHORT, LONG = Amount(18, 18, 8, 20), Amount(500, 200, 100, 1)


class Case(NamedTuple):
    """One damage of a row; `source` is the folder that is copied and damaged."""

    row: str
    name: str
    source: Path
    damage: Callable[[Path], None]
    night: Callable[[Path], Night] = run


class Row(NamedTuple):
    """What came of all damages of a kind."""

    name: str
    fates: Counter[Fate]
    wrong: tuple[str, ...]
    most_log_bytes: int

    @property
    def good(self) -> bool:
        """True if every night of the row was told, and every small file usable or refused."""
        return not self.wrong


def cases(folder: Path, amount: Amount) -> Iterator[Case]:
    """Yield all damages; the folders to damage are made below `folder`."""
    stopped, crashed = aged.make(folder / "stopped"), aged.make_crashed(folder / "crashed")
    yield Case("nothing", "nothing", stopped, _nothing)
    yield from _random(DB, "", (stopped, crashed), amount.database, run)
    yield from _each(stopped / DB, "each", amount.step, run)
    for name, happening in places.HAPPENINGS.items():
        yield Case(name, name, stopped, _nothing, partial(_during, happening))
    away, cut_off = spools.make(folder / "away"), spools.make_crashed(folder / "cut_off")
    yield from _random(spools.FILE, "spool: ", (away, cut_off), amount.spool, spools.run)
    yield from _each(away / spools.FILE, "spool: each", amount.step, spools.run)
    small = small_files.make(folder / "small")
    for name in small_files.OPENED:
        opened = partial(small_files.opened, name)
        yield Case("nothing", name, small, _nothing, opened)
        for seed in range(amount.small):
            harmed = partial(small_files.harm, name, seed)
            yield Case(name, f"{name} {seed}", small, harmed, opened)


def _random(
    file: str,
    row: str,
    sources: tuple[Path, Path],
    count: int,
    night: Callable[[Path], Night],
) -> Iterator[Case]:
    """Yield random damages; two of three in the database, the third in its log."""
    kinds = list(harm.KINDS)
    for seed in range(count):
        kind = kinds[seed % len(kinds)]
        in_log = seed // len(kinds) % 3 == 2
        target, where = (f"{file}-wal", "log") if in_log else (file, "database")
        name = f"{row}{kind}, {where}"
        yield Case(
            name, f"{kind} {seed}", sources[in_log], partial(_harm, target, kind, seed), night
        )


def _each(path: Path, row: str, step: int, night: Callable[[Path], Night]) -> Iterator[Case]:
    """Yield each page zeroed, or every so many-th, and each index."""
    pages = path.stat().st_size // harm.PAGE_BYTES
    for number in range(1, pages + 1, step):
        zeroed = partial(_zero, path.name, number)
        yield Case(f"{row} page", f"page {number}", path.parent, zeroed, night)
    for name, page in indexes(path):
        yield Case(f"{row} index", name, path.parent, partial(_zero, path.name, page), night)


def _nothing(_folder: Path) -> None:
    """Damage nothing."""


def _during(happening: places.Happening, folder: Path) -> Night:
    with places.impatient():
        return run(folder, happening)


def indexes(path: Path) -> list[tuple[str, int]]:
    """Return the name and the first page of each index."""
    with closing(sqlite3.connect(path)) as db:
        sql = "SELECT name, rootpage FROM sqlite_master WHERE type='index' ORDER BY name"
        return db.execute(sql).fetchall()


def _harm(file: str, kind: str, seed: int, folder: Path) -> None:
    harm.damage(folder / file, kind, seed)


def _zero(file: str, number: int, folder: Path) -> None:
    harm.zero_page(folder / file, number)


def nights(folder: Path, amount: Amount) -> Iterator[tuple[Case, Night]]:
    """Send a night after each damage."""
    for case in cases(folder, amount):
        place = folder / "now" / "run"
        shutil.copytree(case.source, place)
        case.damage(place)
        yield case, case.night(place)
        shutil.rmtree(place.parent)


def rows(folder: Path, *, long: bool = False) -> list[Row]:
    """Return the table of the campaign."""
    found: dict[str, list[tuple[Case, Night]]] = {}
    for case, night in nights(folder, LONG if long else SHORT):
        found.setdefault(case.row, []).append((case, night))
    return [_row(name, done) for name, done in found.items()]


def _row(name: str, done: list[tuple[Case, Night]]) -> Row:
    wrong = [f"{case.name}: {n.fate}: {n.detail}" for case, n in done if not _is_good(case, n)]
    fates = Counter(night.fate for _, night in done)
    return Row(name, fates, tuple(wrong), max(night.log_bytes for _, night in done))


def _is_good(case: Case, night: Night) -> bool:
    """Only a small file may be refused, and only if it was damaged."""
    refused = night.fate is Fate.REFUSED and case.row in small_files.OPENED
    return refused or night.fate in {Fate.TOLD, Fate.HARMLESS, Fate.USED}


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
        print(f"{'ok   ' if row.good else 'WRONG'} {row.name:24} {counts}")
        for line in row.wrong if args.wrong else ():
            print(f"        {line[:160]}")
    total = sum((row.fates for row in table), Counter[Fate]())
    print(f"the longest log of a night: {max(row.most_log_bytes for row in table)} bytes")
    print(f"in all: {', '.join(f'{count} {fate}' for fate, count in total.most_common())}")
    return 0 if all(row.good for row in table) else 1


if __name__ == "__main__":
    sys.exit(main())
