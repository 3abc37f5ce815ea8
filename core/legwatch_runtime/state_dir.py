"""Lock the folder of a process, so that no second process writes there."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from legwatch.errors import CannotRun


class FolderRefused(CannotRun):
    """The folder takes no file of ours: it is read-only, full, or of another user."""


@contextmanager
def locked(folder: Path, lock: str) -> Iterator[Path]:
    """Make `folder` and lock it for the block; raises CannotRun if another process has it.

    Raises FolderRefused if nothing can be written there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = (folder / lock).open("w")
    except OSError as error:
        raise FolderRefused(f"{folder} cannot be written: {error.strerror}") from None
    with held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CannotRun(
                f"{folder} is in use by another process; stop that process first"
            ) from None
        yield folder
