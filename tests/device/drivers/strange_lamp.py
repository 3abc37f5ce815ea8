"""A lamp of another package, as the agent's beacon starts it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from legwatch.contract.bedside_command import CommandResult
from legwatch_device import fittings
from legwatch_device.beacon import Beacon
from legwatch_device.settings import read
from legwatch_runtime.clock import SystemClock
from legwatch_runtime.part import Parts
from strangers import Stranger


def strange_lamp(
    code: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    answered: Callable[[CommandResult], None],
) -> tuple[Beacon, Stranger]:
    """Return a beacon, not begun yet, of the driver in `code`, and the package that has it."""
    stranger = Stranger(folder, monkeypatch)
    stranger.has(code, {"legwatch.signals": {"odd": "{}:Odd"}})
    file = folder / "agent.toml"
    file.write_text('bed = "b"\n[signal]\ndriver = "odd"\n')
    settings = read(file)
    start, driver = fittings.signal(settings), fittings.signal_driver(settings)
    beacon = Beacon(start, SystemClock(), answered, Parts(), driver)
    assert beacon.starting is not None
    return beacon, stranger
