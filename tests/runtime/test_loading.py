"""While a command is imported, nobody looks for garbage in cycles; afterwards Python does again."""

import gc
from collections.abc import Iterator

import pytest

from legwatch_runtime import loading, shipped


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    gc.unfreeze()
    gc.enable()


@pytest.mark.parametrize("looks", [True, False])
def test_nobody_looks_for_garbage_while_a_command_is_imported(
    looks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    (gc.enable if looks else gc.disable)()
    seen = []
    monkeypatch.setattr(shipped, "load", lambda target: seen.append((target, gc.isenabled())))
    loading.load("module:main")
    assert seen == [("module:main", False)]
    assert gc.isenabled() is looks


def test_a_command_that_cannot_be_imported_leaves_python_as_it_was() -> None:
    with pytest.raises(ModuleNotFoundError):
        loading.load("legwatch_server.none:main")
    assert gc.isenabled()
