"""An installation for each test, of which nothing runs on behind it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.update.installation import Installation, made


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Installation]:
    before = os.umask(0o022)  # a command of another test may have made it closer
    found = made(tmp_path / "root")
    try:
        yield found
    finally:
        found.lose_power()
        os.umask(before)
