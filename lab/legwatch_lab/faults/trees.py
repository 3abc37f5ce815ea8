"""The trees whose rules are asked: this one, and others that are checked out elsewhere."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from legwatch.alerting.notice import iso
from legwatch.errors import CannotRun
from legwatch_lab.faults import player
from legwatch_lab.faults.night import Readings

HERE = "here"
HEADER = "time,channel,value"
ROOT = Path(__file__).resolve().parents[3]
JUDGES = ("core/legwatch", "config/profiles")
ROOMS = ("core", "server")  # where a tree has its rules and its profiles


class Tree(Protocol):
    """Something that replays the lines of a night."""

    def said(self, order: player.Order) -> list[dict[str, Any]]:
        """Return the notices of one build of a night."""


class Here:
    """The rules of this process."""

    def said(self, order: player.Order) -> list[dict[str, Any]]:
        """Return the notices of one build of a night."""
        return player.said(order)


class Other:
    """The rules of another tree, in a process of its own."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._sent: Sequence[str] = ()

    def said(self, order: player.Order) -> list[dict[str, Any]]:
        """Return the notices of one build of a night; the lines of a night are sent once."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        asked = order._asdict()
        if order.lines is self._sent:
            del asked["lines"]
        self._sent = order.lines
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise CannotRun("the rules of another tree gave no answer; its own words stand above")
        notices: list[dict[str, Any]] = json.loads(answer)
        return notices


@contextmanager
def opened(folders: Mapping[str, Path | None]) -> Iterator[dict[str, Tree]]:
    """Open the trees by name; None is this one."""
    started: list[subprocess.Popen[str]] = []
    trees: dict[str, Tree] = {}
    try:
        for name, folder in folders.items():
            if folder is None:
                trees[name] = Here()
                continue
            started.append(_started(folder))
            trees[name] = Other(started[-1])
        yield trees
    finally:
        for process in started:
            process.kill()
            process.communicate()


def _started(folder: Path) -> "subprocess.Popen[str]":
    path = os.pathsep.join(str(folder / room) for room in ROOMS)
    return subprocess.Popen(  # noqa: S603 - our own program
        # -P: the files beside the program are not modules of it
        [sys.executable, "-P", player.__file__],
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def mark(folder: Path | None) -> str:
    """Return a digest of the rules of a tree."""
    found = hashlib.sha256()
    root = folder or ROOT
    for place in JUDGES:
        for path in sorted((root / place).rglob("*")):
            if path.suffix in {".py", ".toml"}:
                found.update(path.read_bytes())
    return found.hexdigest()[:10]


def lines(readings: Readings) -> tuple[str, ...]:
    """Write readings as the lines of a replay file."""
    rows = sorted(
        (at_ms, name, value) for name, samples in readings.items() for at_ms, value in samples
    )
    found, last_ms, time = [HEADER], -1, ""
    for at_ms, name, value in rows:
        if at_ms != last_ms:
            last_ms, time = at_ms, iso(at_ms)
        found.append(f"{time},{name},{value:.6g}")
    return tuple(found)
