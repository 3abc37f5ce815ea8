"""Replay nights with the rules of another checkout, by its own `legwatch replay`."""

import gzip
import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from legwatch.errors import CannotRun
from legwatch_lab.nights.files import whole
from legwatch_lab.score.alert import AlertSpan

FOLDERS = ("core", "device", "server", "lab")
ENDS = ("resolved", "unknown")
CALMED = ("resolved", "warming")  # after these, nobody is told on
MAY_SOUND = ("fired", "raised", "repeated")
RUN = "import sys; from {module} import {name}; sys.exit({name}(sys.argv[1:]))"
JsonNotice = Mapping[str, Any]


class Sound(NamedTuple):
    """A notice that people heard."""

    at_ms: int
    kind: str
    severity: str


class Heard(NamedTuple):
    """What the rules said in one night: one span for each alert, and the sounds."""

    alerts: tuple[AlertSpan, ...]
    sounds: tuple[Sound, ...]
    signs: tuple[int, ...] = ()  # early signs of cold, UTC ms
    calmed: tuple[int, ...] = ()  # when a cold alert ended or was said to be warming, UTC ms


def heard(tree: Path, nights: Sequence[Path]) -> dict[str, Heard]:
    """Return what the rules of a checkout say in each night, by the name of its file.

    Raises CannotRun if the replay fails.
    """
    return by_night(replayed(tree, nights), nights)


def by_night(said: str, nights: Sequence[Path]) -> dict[str, Heard]:
    """Return what the output of one replay says of each of its nights."""
    found: dict[str, list[JsonNotice]] = {path.name: [] for path in nights}
    for line in said.splitlines():
        notice = json.loads(line)
        found[notice.get("file", nights[0].name)].append(notice)
    return {name: fold(notices) for name, notices in found.items()}


def reduced(nights: Iterable[Path], without: Sequence[str], folder: Path) -> list[Path]:
    """Write copies of the nights without some channels into a folder, and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    ends = tuple(f",{channel}," for channel in without)
    found = []
    for night in nights:
        path = folder / night.name
        found.append(path)
        if path.exists() and path.stat().st_mtime_ns > night.stat().st_mtime_ns:
            continue
        lines = gzip.decompress(night.read_bytes()).decode().splitlines(keepends=True)
        kept = "".join(line for line in lines if not any(end in line for end in ends))
        whole(path, gzip.compress(kept.encode(), 3, mtime=0))
    return found


def fold(notices: Iterable[JsonNotice]) -> Heard:
    """Combine the notices of a night into alerts; what only is written down is none."""
    open_now: dict[str, int] = {}
    alerts: list[AlertSpan] = []
    sounds: list[Sound] = []
    signs: list[int] = []
    calmed: list[int] = []
    for notice in notices:
        kind, what, level = notice["kind"], notice["what"], notice["level"]
        at_ms = round(datetime.fromisoformat(notice["at"]).timestamp() * 1000)
        if kind == "cold" and what == "expected":
            signs.append(at_ms)
        if kind == "cold" and (what in CALMED or notice["reason"] in CALMED):
            calmed.append(at_ms)
        if what in ENDS and kind in open_now:
            place = open_now.pop(kind)
            alerts[place] = alerts[place]._replace(end_ms=at_ms)
        if what not in MAY_SOUND or level == "log":
            continue
        if kind not in open_now:
            open_now[kind] = len(alerts)
            alerts.append(AlertSpan(kind, at_ms, level, notice["reason"], notice["text"]))
        if notice["held"] is None:
            sounds.append(Sound(at_ms, kind, level))
            place = open_now[kind]
            if alerts[place].sound_ms is None:
                alerts[place] = alerts[place]._replace(sound_ms=at_ms)
    return Heard(tuple(alerts), tuple(sounds), tuple(signs), tuple(calmed))


def replayed(
    tree: Path, nights: Sequence[Path], jobs: int | None = None, words: Sequence[str] = ()
) -> str:
    """Return the notices of the nights, a line each; `jobs` None: as many as the checkout likes.

    Raises CannotRun if the replay fails.
    """
    own = [f"--jobs={jobs}"] if jobs and "--jobs" in _run(tree, ("--help",)) else []
    return _run(tree, (*map(str, nights), "--format=jsonl", *own, *words))


def _run(tree: Path, words: Sequence[str]) -> str:
    module, name = _entry_point(tree).split(":")
    code = RUN.format(module=module, name=name)
    path = os.pathsep.join(str(tree / folder) for folder in FOLDERS)
    done = subprocess.run(  # noqa: S603 - the rules of a checkout that the caller named
        [sys.executable, "-c", code, *words],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CannotRun(f"{tree}: {done.stderr.strip().splitlines()[-1]}")
    return done.stdout


def _entry_point(tree: Path) -> str:
    """Return where the checkout has its command, as MODULE:FUNCTION; it has moved over time."""
    try:
        settings = tomllib.loads((tree / "pyproject.toml").read_text(encoding="utf-8"))
        groups = settings["project"]["entry-points"].values()
        return str(next(group["replay"] for group in groups if "replay" in group))
    except (OSError, ValueError, LookupError, StopIteration):
        raise CannotRun(f"{tree} is no checkout of legwatch") from None
