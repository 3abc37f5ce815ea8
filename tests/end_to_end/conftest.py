"""Tests with real processes: marked, and skipped with a line where there is no broker."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from end_to_end.house import HASHER, MOSQUITTO, House, Phones

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.end_to_end)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    if not (MOSQUITTO and HASHER):
        if os.environ.get("LEGWATCH_REQUIRE") == "all":
            pytest.fail("mosquitto is not installed, and LEGWATCH_REQUIRE=all wants it")
        pytest.skip("mosquitto is not installed: sudo apt install mosquitto")
    with House(tmp_path) as made:
        yield made


@pytest.fixture
def phones() -> Iterator[Phones]:
    made = Phones()
    yield made
    made.close()
