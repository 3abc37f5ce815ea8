"""Lock the folder of a process, so that no second process writes there."""

import errno
import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from legwatch.errors import CannotRun
from legwatch_runtime.rights import FOLDER, keep_private, opened_anew, tighten, whose

TRIES, AGAIN_S = 5, 0.1  # a command that looks whether the folder is in use holds it for a moment


class FolderRefused(CannotRun):
    """The folder takes no file of ours: it is read-only, full, or of another user."""


@contextmanager
def locked(
    folder: Path, lock: str, *, of_another: bool = False, read_only: bool = False
) -> Iterator[Path]:
    """Make `folder` and lock it for the block; raises CannotRun if another process has it.

    Raises FolderRefused if nothing can be written there. `of_another`: another program works there,
    too, and this one is to run as its user. `read_only`: a disk that is read-only will do, if this
    program has worked there before.
    """
    keep_private()
    try:
        folder.mkdir(mode=FOLDER, parents=True, exist_ok=True)
        ours = (folder / lock).exists()  # else it may be a folder that others use, too
        held = opened(folder / lock, read_only=read_only)
    except OSError as error:
        why = f"{folder} cannot be written: {whose(error, folder, reads=of_another)}"
        raise FolderRefused(why) from None
    with held:
        if not _taken(held):
            raise CannotRun(
                f"{folder} is in use by another process; stop that process first"
            ) from None
        if ours:
            tighten(folder)
        yield folder


def opened(lock: Path, *, read_only: bool) -> IO[str]:
    """Open a file to lock; `read_only`: one that is there, too, on a disk that is read-only."""
    try:
        return opened_anew(lock)
    except OSError as error:
        if read_only and error.errno == errno.EROFS and lock.exists():
            return lock.open()
        raise


def is_held(lock: Path) -> bool:
    """Return True if a running process has locked its folder with this file."""
    try:
        with lock.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def lock_number(lock: Path) -> int:
    """Return what tells a lock from those of other folders, also on a full disk; 0: not there.

    It is the same as long as a process holds the lock, and for all who see the folder.
    """
    try:
        return lock.stat().st_ino
    except OSError:
        return 0


def _taken(file: IO[str]) -> bool:
    for left in reversed(range(TRIES)):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if left:
                time.sleep(AGAIN_S)
        else:
            return True
    return False
