"""Make many nights at once on all cores, and write each of them whole or not at all."""

import os
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

from legwatch_lab.nights.body.night import BodyNight, NightOrder, make


def write_all(orders: Sequence[NightOrder], folder: Path, jobs: int) -> None:
    """Make the nights and write them into a folder, the same bytes whatever `jobs` is."""
    from tqdm import tqdm  # noqa: PLC0415 - nothing else here needs it

    quiet = len(orders) < 2 or not sys.stderr.isatty()
    cached = True
    for night in tqdm(
        _made(orders, jobs), total=len(orders), desc="nights", unit=" nights", disable=quiet
    ):
        if cached and night.to_cache is not None:
            cached = _cached(night.cache, night.to_cache)
        with _uninterrupted():  # a night without its truth is of no use
            whole(folder / f"{night.name}.csv.gz", night.csv_gz)
            whole(folder / f"{night.name}.truth.json", night.truth)


def whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all, even on a full disk."""
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
        print(f"nights are not kept in {path.parent}: {error.strerror}", file=sys.stderr)
        return False
    return True


def _made(orders: Sequence[NightOrder], jobs: int) -> Iterator[BodyNight]:
    jobs = min(jobs, len(orders))
    if jobs < 2:
        yield from map(make, orders)
        return
    # One thread each: the workers are the cores.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))
    try:
        with _uninterrupted():  # Ctrl-C is for this process; it stops the others
            nights: Iterable[BodyNight] = pool.map(make, orders)
        yield from nights
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let a Ctrl-C wait until the end of the block; processes begun in it never see one."""
    was = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, was)
