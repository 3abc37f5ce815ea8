"""The exercises alone: `legwatch setup --coach`."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from legwatch.errors import CannotRun
from legwatch.text.language import ENGLISH
from legwatch_runtime.command import main as legwatch
from legwatch_runtime.state_dir import locked
from legwatch_server.setup.paused import agent_at_rest
from legwatch_server.setup.sensing import Sensing
from legwatch_server.setup.talk import Unasked

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


@pytest.mark.parametrize(("wanted", "works"), [(True, True), (True, False), (False, True)])
def test_a_watch_that_runs_rests_for_the_exercises_and_goes_on(
    wanted: bool, works: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("legwatch_runtime.locations.LASTING", tmp_path / "server.toml")
    (tmp_path / "agent").mkdir()
    said, done = list[str](), list[str]()

    class Person(Unasked):
        def say(self, text: str) -> None:
            said.append(text)

        def yes(self, question: str, *, offered: bool = True) -> bool:
            said.append(question)
            return wanted

    def control(action: str) -> bool:
        done.append(action)
        return works or action == "stop"

    with (
        locked(tmp_path / "agent", "agent.lock"),
        suppress(KeyboardInterrupt),
        agent_at_rest(Person(), ENGLISH, control) as free,
    ):
        assert free is wanted
        raise KeyboardInterrupt
    assert done == (["stop", "start"] if wanted else [])
    assert any("DOES NOT WATCH" in text for text in said) is (wanted and not works)


def test_a_watch_in_a_terminal_is_to_be_ended_by_its_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    folder = tmp_path / "legwatch/agent"
    folder.mkdir(parents=True)
    with (
        locked(folder, "agent.lock"),
        pytest.raises(CannotRun, match="end it first"),
        agent_at_rest(Unasked(), ENGLISH),
    ):
        pass
