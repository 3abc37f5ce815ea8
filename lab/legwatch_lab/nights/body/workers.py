"""Make many nights in parallel, and write each file completely or not at all."""

import os
import sys
from collections.abc import Generator, Sequence
from contextlib import closing
from pathlib import Path

from legwatch_lab.nights.body.night import BodyNight, NightOrder, make
from legwatch_lab.side_by_side import in_order, uninterrupted


def write_all(orders: Sequence[NightOrder], folder: Path, jobs: int) -> None:
    """Make the nights and write them into a folder; `jobs` does not change the bytes."""
    from tqdm import tqdm  # noqa: PLC0415 - nothing else here needs it

    quiet = len(orders) < 2 or not sys.stderr.isatty()
    cached = True
    with closing(_nights(orders, jobs)) as nights:
        for night in tqdm(nights, total=len(orders), desc="nights", unit=" nights", disable=quiet):
            if cached and night.to_cache is not None:
                cached = _cached(night.cache, night.to_cache)
            with uninterrupted():  # leave no night without its truth file
                whole(folder / f"{night.name}.csv.gz", night.csv_gz)
                whole(folder / f"{night.name}.truth.json", night.truth)


def whole(path: Path, content: bytes) -> None:
    """Write a file completely or not at all, even on a full disk."""
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        half.write_bytes(content)
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)


def _cached(path: Path, content: bytes) -> bool:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        whole(path, content)
    except OSError as error:
        print(f"nights are not cached in {path.parent}: {error.strerror}", file=sys.stderr)
        return False
    return True


def _nights(orders: Sequence[NightOrder], jobs: int) -> Generator[BodyNight]:
    if min(jobs, len(orders)) > 1:  # one thread per worker: there is one worker per core
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    return in_order(make, orders, jobs, _maker)


def _maker(order: NightOrder) -> str:
    return f"night {order.number + 1}: the process that made it"
