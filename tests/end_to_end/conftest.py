"""Tests with real processes: marked, and skipped with a line where there is no broker."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from end_to_end.house import House, Phones
from end_to_end.ntfy import NtfyServer, binary
from repository import miss

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.end_to_end)


@pytest.fixture
def house(tmp_path: Path, mosquitto: None) -> Iterator[House]:
    with House(tmp_path) as made:
        yield made


@pytest.fixture
def phones() -> Iterator[Phones]:
    made = Phones()
    yield made
    made.close()


@pytest.fixture
def ntfy(tmp_path: Path) -> Iterator[NtfyServer]:
    if binary() is None:
        miss("an ntfy server is missing: run scripts/test, which fetches one")
    made = NtfyServer(tmp_path)
    yield made
    made.stop()
