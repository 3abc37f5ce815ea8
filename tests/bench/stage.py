"""A broker, and one of the programs that are measured side by side, each in its own folder."""

import os
import socket
import sqlite3
import struct
import sys
import tomllib
from collections.abc import Iterable, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

from tomlkit import dumps as dump

from end_to_end.house import LEGWATCH, MOSQUITTO, Process, free_port, wait_until

HERE = Path(__file__).resolve().parent
TICKS_A_S = os.sysconf("SC_CLK_TCK")
PARTS = ("core", "device", "server", "lab")


class Subject(NamedTuple):
    """A program that takes windows from a broker: a file beside this one, or legwatch of a tree."""

    name: str
    file: str = ""
    tree: Path | None = None  # None: this one

    @property
    def judges(self) -> bool:
        """Return True for legwatch."""
        return not self.file


BARE = Subject("bare", "bare.py")
BY_HAND = Subject("by hand", "by_hand.py")
LEGWATCH_HERE = Subject("legwatch")


class Bench:
    """A folder and a broker for one measurement; `stock`: a broker with its own limits."""

    def __init__(self, folder: Path, *, stock: bool = False) -> None:
        self.folder, self.port = folder, free_port()
        limits = "" if stock else "max_queued_messages 0\nmax_inflight_messages 1000\n"
        conf = folder / "m.conf"
        conf.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\n{limits}"
            "log_type error\npersistence false\n"
        )
        assert MOSQUITTO
        self.broker = Process((MOSQUITTO, "-c", str(conf)), folder / "m.log")
        wait_until(self._answers, "the broker", 10)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def start(self, subject: Subject, beds: int) -> Process:
        """Start a program for so many beds; it is subscribed soon after."""
        if subject.judges:
            return self.server([f"bed-{number}" for number in range(beds)], subject.tree)
        return self.script(subject.file)

    def script(self, file: str, *more: str) -> Process:
        """Start one of the scripts beside this one."""
        (self.folder / "server").mkdir(exist_ok=True)
        words = (sys.executable, str(HERE / file), str(self.port), str(self.folder / "server"))
        return Process((*words, *more), self.folder / "server.log")

    def server(self, beds: Iterable[str], tree: Path | None = None, **more: object) -> Process:
        """Start the real server with its own state folder, and wait until it is up."""
        path = self.folder / "server.toml"
        path.write_text(
            dump(
                {
                    "state_dir": str(self.folder / "server"),
                    "mqtt": {"port": self.port},
                    "http": {"port": 0},
                    "rehearsal": {"at": ""},
                    "beds": {bed: {"played": True} for bed in beds if _declares(tree)},
                    **more,
                }
            )
        )
        words = (*LEGWATCH, "server", "--config", str(path))
        process = Process(words, self.folder / "server.log", of_tree(tree, self.folder))
        wait_until(
            lambda: process.said().count("server up") or process.code is not None, "the server"
        )
        assert process.code is None, process.said()
        return process

    def wait_for(
        self, rows: int, subject: Subject, process: Process, within_s: float = 300
    ) -> None:
        """Wait until so many windows are committed; fail if the program has ended before."""
        wait_until(
            lambda: self.rows(subject) >= rows or process.code is not None, f"{rows} rows", within_s
        )
        assert process.code is None, process.said()

    def rows(self, subject: Subject = LEGWATCH_HERE) -> int:
        """Return the number of committed windows; of the bare subscriber, of those that came."""
        if subject is BARE:
            return self._counted()
        with (
            suppress(sqlite3.Error),
            closing(sqlite3.connect(f"file:{self.store}?mode=ro", uri=True)) as db,
        ):
            return int(db.execute("SELECT coalesce(max(id), 0) FROM windows").fetchone()[0])
        return 0

    def _counted(self) -> int:
        with suppress(OSError, struct.error):
            found: int = struct.unpack("q", (self.folder / "server" / "count").read_bytes())[0]
            return found
        return 0

    @property
    def store(self) -> Path:
        """Return the store's file."""
        return self.folder / "server" / "legwatch.db"

    def close(self) -> None:
        """End the broker."""
        self.broker.kill()


def of_tree(tree: Path | None, folder: Path) -> Mapping[str, str]:
    """Return the environment in which Python takes legwatch from a tree; None: from here.

    Its commands and channels are entry points: a description of the tree in `folder` names them.
    """
    if tree is None:
        return {}
    project = tomllib.loads((tree / "pyproject.toml").read_text())["project"]
    about = folder / f"legwatch-{project['version']}.dist-info"
    about.mkdir(exist_ok=True)
    (about / "METADATA").write_text(f"Name: legwatch\nVersion: {project['version']}\n")
    lines = [
        line
        for group, points in project["entry-points"].items()
        for line in (f"[{group}]", *(f"{name} = {value}" for name, value in points.items()))
    ]
    (about / "entry_points.txt").write_text("\n".join(lines))
    places = [folder, *(tree / part for part in PARTS)]
    return {"PYTHONPATH": os.pathsep.join(str(place) for place in places)}


def _declares(tree: Path | None) -> bool:
    """Return True if recordings have to be declared; older servers took them from any bed."""
    return tree is None or "played" in (tree / "server/legwatch_server/settings.py").read_text()


def cpu_s(pid: int) -> float:
    """Return the CPU time that a process and its only child have had."""
    return sum(_ticks(one) for one in (pid, *_children(pid))) / TICKS_A_S


def peak_mb(pid: int) -> float:
    """Return the peak of resident memory (VmHWM) of a process or its only child."""
    status = Path(f"/proc/{(*_children(pid), pid)[0]}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if "VmHWM" in line) / 1024


def _children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
