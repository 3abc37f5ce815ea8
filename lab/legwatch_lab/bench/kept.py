"""What checkouts said of nights, kept in a folder, so that an interrupted run goes on."""

import hashlib
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

from legwatch_lab.bench.trees import Heard, by_night, replayed
from legwatch_lab.nights.files import whole

PORTION = 50  # nights of one replay
PLACES = ("core", "config", "device", "server", "lab/legwatch_lab/replay")


def heard_or_kept(
    tree: Path,
    nights: Sequence[Path],
    folder: Path,
    jobs: int | None,
    what: str,
    words: Sequence[str] = (),
) -> dict[str, Heard]:
    """Return what the rules of a checkout say in each night; progress goes to standard error.

    `words`: more words for its replay, such as `--set=KEY=NUMBER`.
    """
    found: dict[str, Heard] = {}
    for portion in _portions(nights):
        found |= by_night(_said(tree, portion, folder, jobs, words), portion)
        print(f"{what}: {len(found)} of {len(nights)} nights", file=sys.stderr, flush=True)
    return found


def _portions(nights: Sequence[Path]) -> Iterator[Sequence[Path]]:
    for first in range(0, len(nights), PORTION):
        yield nights[first : first + PORTION]


def _said(
    tree: Path, nights: Sequence[Path], folder: Path, jobs: int | None, words: Sequence[str]
) -> str:
    other = "".join(f"-{word.strip('-')}" for word in words)
    kept = folder / f"said-{_sources(tree)}-{_digest(nights)}{other}.jsonl"
    if not kept.exists():
        whole(kept, replayed(tree, nights, jobs, words).encode())
    return kept.read_text(encoding="utf-8")


@cache
def _sources(tree: Path) -> str:
    """Return a digest of all files of a checkout that may change what its replay says."""
    files = (path for place in PLACES for path in sorted((tree / place).rglob("*")))
    return _digest(path for path in files if path.is_file() and path.suffix != ".pyc")


def _digest(paths: Iterable[Path]) -> str:
    found = hashlib.sha256()
    for path in paths:
        found.update(path.name.encode())
        found.update(path.read_bytes())
    return found.hexdigest()[:16]
