"""A spool on disk, where a power cut would find it: `tmp_path` / spool.db."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from legwatch_device.keeping import Keeping, Most
from legwatch_device.spool import Spool
from legwatch_runtime.clock import Clock


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    made = Spool(tmp_path / "spool.db")
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _closed_memories(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Close what the agents of a test keep in memory: most tests end before the agent does."""
    made, begin = list[Keeping](), Keeping.__init__

    def noted(self: Keeping, spool: Spool, most: Most, clock: Clock) -> None:
        begin(self, spool, most, clock)
        made.append(self)

    monkeypatch.setattr(Keeping, "__init__", noted)
    yield
    for one in made:
        one.close()
