"""The nights of a folder that can be scored, and scoring them on all cores."""

import multiprocessing
import signal
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import tzinfo
from functools import partial
from pathlib import Path
from typing import NamedTuple

from legwatch.errors import LegwatchError, RecordingError, SettingsError
from legwatch.rules import Rules
from legwatch_server.score.night import Night, score
from legwatch_server.score.truth import SUFFIX, read

FEW = 8  # so many nights a core are scored sooner than another Python has started


class Task(NamedTuple):
    """What every night of a run is scored by."""

    rules: Mapping[str, Rules]
    without: tuple[str, ...]
    zone: tzinfo | None


def truths(folders: Sequence[Path], kinds: Sequence[str] = ()) -> list[Path]:
    """Return the truth files of folders in order, with `kinds` only those of these kinds.

    Raises LegwatchError for a folder without any, SettingsError for a kind that has no night.
    """
    found: list[Path] = []
    for folder in folders:
        if not folder.is_dir():
            raise LegwatchError(f"{folder}: is not a folder")
        mine = sorted(folder.glob(f"*{SUFFIX}"))
        if not mine:
            raise LegwatchError(
                f"{folder}: no night with its truth (NAME.csv.gz and NAME{SUFFIX}); "
                "`legwatch nights make` writes such nights"
            )
        found += mine
    return _of_kind(found, kinds) if kinds else found


def _of_kind(paths: Iterable[Path], kinds: Sequence[str]) -> list[Path]:
    known = [(path, truth.kind) for path in paths if (truth := read(path)) is not None]
    there = {kind for _, kind in known}
    unknown = sorted(set(kinds) - there)
    if unknown:
        names = ", ".join(sorted(there)) or "none"
        raise SettingsError("--kind", f"no night of {', '.join(unknown)} here; there are: {names}")
    return [path for path, kind in known if kind in kinds]


def scored(paths: Sequence[Path], task: Task, jobs: int) -> list[Night]:
    """Score the nights, in order; raises RecordingError with a sentence that names the file."""
    jobs = max(1, min(jobs, len(paths) // FEW))
    one = partial(_one, task=task)
    if jobs == 1:
        return _kept(map(one, paths), len(paths))
    # The same on every system, and no thread of this process is copied half alive.
    context = multiprocessing.get_context("spawn")
    # Workers inherit that Ctrl-C is not theirs, from their first moment on; this process ends them.
    answer = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        workers = context.Pool(jobs)
    finally:
        signal.signal(signal.SIGINT, answer)
    with workers as pool:
        return _kept(pool.imap(one, paths, chunksize=4), len(paths))


def _kept(results: Iterable[Night | str | None], count: int) -> list[Night]:
    kept: list[Night] = []
    for result in _with_progress(results, count):
        if isinstance(result, str):
            raise RecordingError(result)
        if result is not None:
            kept.append(result)
    return kept


def _with_progress(
    results: Iterable[Night | str | None], count: int
) -> Iterator[Night | str | None]:
    from tqdm import tqdm  # noqa: PLC0415 - nothing else here needs it

    quiet = not sys.stderr.isatty()
    yield from tqdm(results, desc="nights", total=count, unit=" nights", leave=False, disable=quiet)


def _one(path: Path, task: Task) -> Night | str | None:
    """Score one night; an error comes back as its sentence, None: its truth is of version 1."""
    try:
        truth = read(path)
        if truth is None:
            return None
        return score(
            path.with_name(truth.file),
            truth,
            task.rules,
            without=task.without,
            zone=task.zone,
        )
    except LegwatchError as error:
        return str(error)
