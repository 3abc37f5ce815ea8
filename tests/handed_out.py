"""Work for the processes of a test; it stands here because they must be able to import it."""

import os
import time
from pathlib import Path


def touched(path: Path, *, folder: Path) -> str:
    (folder / path.name).touch()
    if path.name == "0":
        time.sleep(0.2)  # the first result comes after later ones
    return path.name


def pid(_: Path) -> int:
    return os.getpid()


def dying(path: Path) -> str:
    if path.name == "b":
        os._exit(1)
    return path.name
