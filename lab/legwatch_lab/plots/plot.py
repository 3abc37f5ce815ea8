"""`legwatch replay --plot FILE.png`: draw recorded nights and name the files."""

import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from legwatch.errors import CannotRun, SettingsError
from legwatch.limits.rules import Rules
from legwatch.recording import Recording, events
from legwatch_lab import truth as truths
from legwatch_lab.plots.trace import follow
from legwatch_runtime.night_file import is_night_file

ENDINGS = (".gz", ".csv")


def check(target: Path, files: Sequence[Path] = ()) -> None:
    """Raise SettingsError or CannotRun when no picture of the files can be drawn into `target`."""
    if files and all(map(is_night_file, files)):
        raise SettingsError("--plot", "it draws recordings, and no nights of `legwatch storage`")
    if target.suffix.lower() != ".png":
        raise SettingsError("--plot", f"{target} does not end in .png")
    if find_spec("matplotlib") is None:
        pip = f"{sys.executable} -m pip"
        raise CannotRun(f"--plot needs the module matplotlib: {pip} install 'legwatch[plot]'")


def plot(target: Path, source: Path, recording: Recording, rules: Rules) -> list[Path]:
    """Draw every night of a recording; with several nights, the file names contain the date."""
    from legwatch_lab.plots.draw import draw  # noqa: PLC0415 - slow to import, and only plots need it

    zone = rules.zone
    truth_file = source.with_name(stem(source) + truths.SUFFIX)
    truth = truths.read(truth_file) if truth_file.exists() else None
    traces = follow(events(recording), rules, zone)
    written = []
    for trace in traces:
        path = target if len(traces) == 1 else named(target, f"{trace.night}")
        try:
            draw(path, trace, rules, zone, truth)
        except OSError as error:
            raise CannotRun(f"{path} cannot be written: {error.strerror}") from None
        written.append(path)
    return written


def stem(source: Path) -> str:
    """Return the file name without .csv and .gz."""
    name = source.name
    for ending in ENDINGS:
        name = name.removesuffix(ending)
    return name


def named(target: Path, word: str) -> Path:
    """Insert `word` before the file ending: night.png becomes night-WORD.png."""
    return target.with_name(f"{target.stem}-{word}{target.suffix}")
