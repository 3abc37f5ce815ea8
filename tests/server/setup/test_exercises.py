"""The exercises alone: `legwatch setup --coach`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from legwatch_runtime.command import main as legwatch
from legwatch_server.setup.sensing import Sensing

GIVEN: list[list[dict[str, Any]]] = [
    [{"leg_c": 20.0 + s} for s in range(5)],
    [{"moves": 0}] * 3,
    [{"moves": 2}] * 3,
]


def test_the_exercises_are_led_with_what_is_set_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file, samples = tmp_path / "agent.toml", iter(GIVEN)
    file.write_text(
        'bed = "b"\n[mqtt]\nca_file = "/x"\n[sensors.leg]\ndriver = "ds18b20"\n'
        '[sensors.movement]\ndriver = "gpio_motion"\npin = 17\n'
    )

    @contextmanager
    def live(_self: Sensing, agent: Path, _seconds: float) -> Iterator[Iterator[Any]]:
        assert agent == file
        yield iter(next(samples))

    monkeypatch.setattr(Sensing, "live", live)
    assert legwatch(["setup", "--coach", "--yes", "--settings", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    for word in ("Good: It feels your hand.", "Good: It is still", "Good: It feels a turn."):
        assert word in said


def test_without_sensors_there_is_nothing_to_exercise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert legwatch(["setup", "--coach", "--yes", "--settings", str(tmp_path)]) == 1
    assert "has no sensors" in capsys.readouterr().err
