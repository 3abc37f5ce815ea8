"""An installation for each test, of which nothing runs on behind it."""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from server.update.installation import Installation, made


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Installation]:
    found = made(tmp_path / "root")
    try:
        yield found
    finally:
        for pid in found.pids(""):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
