"""What processes write to a disk: their bytes from the kernel, their flushes from strace."""

import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

STRACE = shutil.which("strace")
FLUSHES = "fsync,fdatasync,sync,syncfs,sync_file_range,msync"


def family(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    found = [pid]
    for one in found:
        for task in Path(f"/proc/{one}/task").iterdir():
            found += [int(child) for child in (task / "children").read_text().split()]
    return found


def written_bytes(pid: int) -> int:
    """Return the bytes that a process has caused to be written to a disk.

    What it has cut off a file before it was written does not count.
    """
    lines = Path(f"/proc/{pid}/io").read_text().splitlines()
    counts = {key: int(value) for key, value in (line.split(": ") for line in lines)}
    return counts["write_bytes"] - counts["cancelled_write_bytes"]


def resident_mb(pid: int) -> float:
    """Return the resident memory of a process, MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


class Flushes:
    """The flushes of running processes; `times` has the second of each, by the wall clock."""

    def __init__(self, pids: Sequence[int], out: Path) -> None:
        self._pids, self._out = pids, out
        self.times: list[float] = []

    def __enter__(self) -> Self:
        assert STRACE
        of = [word for pid in self._pids for word in ("-p", str(pid))]
        words = (STRACE, "-f", "-ttt", "-e", f"trace={FLUSHES}", "-o", str(self._out), *of)
        self._strace = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
        assert self._strace.stderr
        for _ in self._pids:
            self._strace.stderr.readline()  # "strace: Process 1 attached"
        time.sleep(0.2)
        return self

    def __exit__(self, *_: object) -> None:
        self._strace.send_signal(signal.SIGINT)
        self._strace.communicate(timeout=10)
        lines = self._out.read_text().splitlines()
        self.times = [float(line.split()[1]) for line in lines if _begins(line)]


def _begins(line: str) -> bool:
    return "(" in line and "resumed>" not in line.split("(", maxsplit=1)[0]
