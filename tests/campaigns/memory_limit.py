"""A limit on the memory of a process, as its systemd unit sets it: by cgroup v1 or v2."""

import contextlib
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

V1, V2 = Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup")
LIMIT_V1, LIMIT_V2 = "memory.limit_in_bytes", "memory.max"


class MemoryLimit:
    """One group of processes that has at most so much memory; the kernel ends what takes more."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def words(self, words: Iterable[str]) -> tuple[str, ...]:
        """Return a command that enters the group and then becomes the other one."""
        return ("sh", "-c", 'echo $$ > "$0"/cgroup.procs && exec "$@"', str(self.folder), *words)


@contextlib.contextmanager
def memory_limit(limit_bytes: int, name: str) -> Iterator[MemoryLimit]:
    """Make a group with a limit; raises OSError where the machine does not allow that."""
    root, key = (V1, LIMIT_V1) if (V1 / LIMIT_V1).exists() or V1.is_dir() else (V2, LIMIT_V2)
    folder = root / f"legwatch-{name}-{os.getpid()}"
    folder.mkdir()
    try:
        if not (folder / key).exists():  # v2: the root hands the control of memory down
            (root / "cgroup.subtree_control").write_text("+memory")
        (folder / key).write_text(str(limit_bytes))
        yield MemoryLimit(folder)
    finally:
        _remove(folder)


def _remove(folder: Path) -> None:
    """Remove the group when its last process has ended."""
    for _ in range(50):
        with contextlib.suppress(OSError):
            folder.rmdir()
            return
        time.sleep(0.1)


def resident_bytes(pid: int) -> int:
    """Return the memory that a process has now; 0: it has ended."""
    with contextlib.suppress(OSError, IndexError, ValueError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    return 0
