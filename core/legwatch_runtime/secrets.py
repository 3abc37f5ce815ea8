"""Secrets: from the environment, or in a file that only its owner can read."""

import os
from collections.abc import Callable
from pathlib import Path

from legwatch.settings import secret as find_secret
from legwatch_runtime.files import read_text


def secret(name: str) -> str:
    """Return the environment variable `name`, else the text of the file that NAME_FILE names."""
    return find_secret(name, os.environ, read_text)


def create_once(path: Path, make: Callable[[], bytes]) -> bytes:
    """Return the secret in the file `path`; the first call makes the file, for its owner only."""
    if not path.exists():
        fresh = path.with_suffix(".new")
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:  # noqa: PTH123 - private from its first byte
            out.write(make())
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(path)
    return path.read_bytes()
