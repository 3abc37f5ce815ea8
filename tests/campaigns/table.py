"""The table of a campaign whose rows are printed one by one."""

from collections.abc import Iterable
from typing import Protocol


class Judged(Protocol):
    """A row of a table; its `str` is its line."""

    @property
    def wrong(self) -> tuple[str, ...]:
        """What does not hold."""


def show(head: str, rows: Iterable[Judged]) -> int:
    """Print a table, each row as soon as it is there; return 1 if a row is wrong."""
    print(head)
    count = bad = 0
    for row in rows:
        print(row, flush=True)
        count, bad = count + 1, bad + bool(row.wrong)
    print(f"{count} rows, {bad} wrong")
    return 1 if bad else 0
