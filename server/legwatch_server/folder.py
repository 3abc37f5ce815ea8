"""The folder of a process: claimed, so that no second one writes there; and its secrets."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from legwatch.errors import CannotRun


@contextmanager
def claimed(folder: Path, lock: str) -> Iterator[Path]:
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


def kept(path: Path, make: Callable[[], bytes]) -> bytes:
    """Return the secret in a file that only its owner can read; the first call makes it."""
    if not path.exists():
        fresh = path.with_suffix(".new")
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:  # noqa: PTH123 - private from its first byte
            out.write(make())
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(path)
    return path.read_bytes()
