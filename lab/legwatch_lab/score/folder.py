"""Find the nights of a folder, and score them in parallel."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import tzinfo
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

from legwatch.errors import LegwatchError, RecordingError, SettingsError
from legwatch.limits.rules import Rules
from legwatch_lab.score.night import ScoredNight, score
from legwatch_lab.truth import SUFFIX, read

T = TypeVar("T")
FEW = 8  # nights per core; for fewer, it takes longer to start another Python than to score


class ScoringTask(NamedTuple):
    """The settings by which a run scores its nights."""

    rules: Mapping[str, Rules]
    without: tuple[str, ...]
    zone: tzinfo | None


def truths(folders: Sequence[Path], kinds: Sequence[str] = ()) -> list[Path]:
    """Return the truth files of the folders, sorted; with `kinds`, only those of these kinds.

    Raises LegwatchError for a folder without any, SettingsError for a kind that has no night.
    """
    found: list[Path] = []
    for folder in folders:
        if not folder.is_dir():
            raise LegwatchError(f"{folder} is not a folder")
        mine = sorted(folder.glob(f"*{SUFFIX}"))
        if not mine:
            raise LegwatchError(
                f"{folder}: no night with its truth (NAME.csv.gz and NAME{SUFFIX}); "
                "`legwatch nights make --model body` writes such nights"
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


def scored(paths: Sequence[Path], task: ScoringTask, jobs: int) -> list[ScoredNight]:
    """Score the nights, in order; raises RecordingError with a sentence that names the file."""
    nights: list[ScoredNight] = []
    for result in each(partial(_one, task=task), paths, jobs):
        if isinstance(result, str):
            raise RecordingError(result)
        if result is not None:
            nights.append(result)
    return nights


def each(one: Callable[[Path], T], paths: Sequence[Path], jobs: int) -> Iterator[T]:
    """Yield `one(path)` for each path, in order, with a progress bar and up to `jobs` processes.

    `one` must be a function of a module or a partial of one, because it is pickled.
    """
    from legwatch_lab.side_by_side import in_order  # noqa: PLC0415 - the help does not need it

    jobs = max(1, min(jobs, len(paths) // FEW))
    yield from _with_progress(in_order(one, paths, jobs), len(paths))


def _with_progress(results: Iterable[T], count: int) -> Iterator[T]:
    from tqdm import tqdm  # noqa: PLC0415 - nothing else here needs it

    quiet = not sys.stderr.isatty()
    yield from tqdm(results, desc="nights", total=count, unit=" nights", leave=False, disable=quiet)


def _one(path: Path, task: ScoringTask) -> ScoredNight | str | None:
    """Score one night; return the text of an error, or None for a truth file of version 1."""
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
