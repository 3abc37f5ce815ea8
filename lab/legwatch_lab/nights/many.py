"""Make many nights in parallel, and write each night completely or not at all."""

import os
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import Protocol, TypeVar

from legwatch_lab.nights.files import whole
from legwatch_lab.side_by_side import in_order, uninterrupted


class Made(Protocol):
    """A made night."""

    @property
    def name(self) -> str:
        """Return the name of both files."""

    @property
    def csv_gz(self) -> bytes:
        """Return the replay file."""

    @property
    def truth(self) -> bytes:
        """Return the truth file."""


R = TypeVar("R")
M = TypeVar("M", bound=Made)


def write_all(
    make: Callable[[R], Sequence[M]],
    runs: Sequence[R],
    folder: Path,
    jobs: int,
    also: Callable[[M], None] = lambda _night: None,
) -> None:
    """Make the nights and write them into a folder; `jobs` does not change the bytes.

    `make` makes the nights of one run, and `also` gets each night before it is written.
    """
    from tqdm import tqdm  # noqa: PLC0415 - nothing else here needs it

    quiet = len(runs) < 2 or not sys.stderr.isatty()
    with closing(_made(make, runs, jobs)) as made:
        shown = tqdm(made, total=len(runs), desc="nights", unit=" runs", disable=quiet)
        for night in chain.from_iterable(shown):
            also(night)
            with uninterrupted():  # leave no night without its truth file
                whole(folder / f"{night.name}.csv.gz", night.csv_gz)
                whole(folder / f"{night.name}.truth.json", night.truth)


def _made(make: Callable[[R], Sequence[M]], runs: Sequence[R], jobs: int) -> Generator[Sequence[M]]:
    if min(jobs, len(runs)) > 1:  # one thread per worker: there is one worker per core
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    return in_order(make, runs, jobs, lambda _run: "a process that made nights")
