"""A spool on disk, where a power cut would find it: `tmp_path` / spool.db."""

from pathlib import Path

import pytest

from legwatch_device.spool import Spool


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool.db")
