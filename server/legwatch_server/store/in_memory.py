"""Where files can be made while the disk takes none: in memory, as far as the machine has that."""

import os
import shutil
import tempfile
from pathlib import Path

from legwatch_server.store.errors import StoreError

# Files in memory; where there are none, the folder for passing files is on another disk at least.
_PLACES = ("/dev/shm", "/run/user", tempfile.gettempdir())  # noqa: S108 - mkdtemp makes it private


def folder() -> Path:
    """Make a private folder of files that does not need the disk; raises StoreError."""
    for place in _PLACES:
        if os.access(place, os.W_OK):
            try:
                return Path(tempfile.mkdtemp(prefix="legwatch-", dir=place))
            except OSError:
                continue
    raise StoreError("there is no memory for a database either")


def leave(path: Path) -> None:
    """Delete such a folder."""
    shutil.rmtree(path, ignore_errors=True)
