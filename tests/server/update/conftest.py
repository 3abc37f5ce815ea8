"""An installation for each test, of which nothing runs on behind it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.update.installation import Installation, made


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Installation]:
    found = made(tmp_path / "root")
    try:
        yield found
    finally:
        found.lose_power()
