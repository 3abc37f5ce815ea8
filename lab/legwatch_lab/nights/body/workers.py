"""Make many nights of the body model, and keep skin and air for the next time."""

import sys
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from legwatch_lab.nights import many
from legwatch_lab.nights.body.night import BodyNight, NightOrder, make
from legwatch_lab.nights.files import whole


def write_all(orders: Sequence[NightOrder], folder: Path, jobs: int) -> None:
    """Make the nights and write them into a folder; `jobs` does not change the bytes."""
    runs = [tuple(run) for _, run in groupby(orders, lambda order: order.run)]
    many.write_all(make, runs, folder, jobs, _Cache().keep)


class _Cache:
    """Keeps skin and air until a file cannot be written."""

    def __init__(self) -> None:
        self._works = True

    def keep(self, night: BodyNight) -> None:
        if self._works and night.to_cache is not None:
            self._works = _cached(night.cache, night.to_cache)


def _cached(path: Path, content: bytes) -> bool:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        whole(path, content)
    except OSError as error:
        print(f"nights are not cached in {path.parent}: {error.strerror}", file=sys.stderr)
        return False
    return True
