"""The folder of a process: claimed, so that no second one writes there; and its secrets."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from legwatch.errors import CannotRun


@contextmanager
def locked(folder: Path, lock: str) -> Iterator[Path]:
    """Hold `folder` for as long as the block lasts; raises CannotRun with a sentence."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = (folder / lock).open("w")
    except OSError as error:
        raise CannotRun(f"{folder} cannot be written: {error.strerror}") from None
    with held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CannotRun(f"{folder} is in use by another one; stop that first") from None
        yield folder
