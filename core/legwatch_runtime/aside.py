"""Sets a damaged file aside under a dated name, and keeps the last few of them."""

import contextlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

MOST_KEPT = 3  # files that were set aside; the oldest of more is deleted
_PARTS = ("", "-wal", "-shm")
_MARK = ".damaged-"


def set_aside(path: Path, now_ms: int, *, log: bool = True) -> Path:
    """Rename a database with its log, if that is its own; return the new path. Raises OSError."""
    name = _free_name(path, now_ms)
    # The log first: a crash in between leaves a database without its latest, never a log that
    # a new database would take for its own.
    for part in ("-wal", "-shm", "") if log else ("",):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + part).rename(path.with_name(name.name + part))
    return name


def put_back(path: Path, name: Path) -> None:
    """Give a database that was set aside its own name again. Raises OSError."""
    for part in _PARTS:
        with contextlib.suppress(FileNotFoundError):
            path.with_name(name.name + part).rename(path.with_name(path.name + part))


def delete(file: Path) -> None:
    """Delete a database with its log. Raises OSError."""
    file.unlink(missing_ok=True)
    delete_log(file)


def delete_log(file: Path) -> None:
    """Delete the log of a database that is not there. Raises OSError."""
    for part in _PARTS[1:]:
        file.with_name(file.name + part).unlink(missing_ok=True)


def forget_oldest(path: Path, *, but: Path) -> list[Path]:
    """Delete what is over MOST_KEPT, never `but`; return the files that are gone."""
    found = sorted(set_aside_before(path), key=lambda file: file.name)
    gone = [file for file in found[: max(0, len(found) - MOST_KEPT)] if file != but]
    for file in gone:
        clear(file)
    return gone


def clear(path: Path) -> None:
    """Delete a database with its log. Raises OSError."""
    for part in _PARTS:
        path.with_name(path.name + part).unlink(missing_ok=True)


def set_aside_before(path: Path) -> Iterator[Path]:
    """Yield the files that were set aside."""
    for file in path.parent.glob(f"{path.name}{_MARK}*"):
        if not file.name.endswith(_PARTS[1:]):
            yield file


def _free_name(path: Path, now_ms: int) -> Path:
    """Return a name that no file has; of one minute each has a higher number than those before."""
    at = datetime.fromtimestamp(now_ms / 1000, UTC).strftime("%Y-%m-%dT%H%M")
    name = f"{path.name}{_MARK}{at}"
    found = sorted(file.name for file in path.parent.glob(f"{name}*"))
    if not found:
        return path.with_name(name)
    last = re.match(r"-(\d+)", found[-1].removeprefix(name))
    return path.with_name(f"{name}-{1 + (int(last[1]) if last else 1):02}")
