"""A lamp of another package that fails on command is named with its package and its file."""

import queue
from pathlib import Path

import pytest

from device.drivers.strange_lamp import strange_lamp
from legwatch.contract.bedside_command import Cmd, Command, CommandResult

CODE = """
class Odd:
    def __init__(self, options): pass
    def light(self):
        raise {fault}
    sound = blink = calm = light
"""


@pytest.mark.parametrize(
    ("fault", "said"),
    [("ValueError('boom')", "ValueError: boom"), ("SystemExit(3)", "SystemExit: 3")],
)
def test_a_lamp_that_fails_is_named_with_its_package_and_its_line(
    fault: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    answers = queue.Queue[CommandResult]()
    beacon, stranger = strange_lamp(CODE.format(fault=fault), tmp_path, monkeypatch, answers.put)
    assert beacon.starting is not None
    beacon.starting.attempt()
    beacon.begin()
    beacon.obey(Command("1", Cmd.NUDGE))
    answer = answers.get(timeout=10)
    beacon.stop()
    why = f"driver 'odd' ({stranger.origin('Odd')}) failed: {said}"
    assert (answer.ok, answer.why) == (False, why)
    line = f"({stranger.site / stranger.name}.py:5)"
    failed, not_calmed = [one for one in caplog.records if one.levelname == "ERROR"]
    assert failed.getMessage() == f"signal: nudge: {why} {line}"
    assert not_calmed.getMessage() == f"signal: lamp and buzzer cannot be put out: {why} {line}"
    assert failed.exc_info is not None


@pytest.mark.parametrize(("shown", "kind"), [("None", "NoneType"), ("1", "int")])
def test_a_lamp_that_returns_neither_yes_nor_no_is_named_with_its_line(
    shown: str,
    kind: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    answers = queue.Queue[CommandResult]()
    code = CODE.replace("raise {fault}", f"return {shown}")
    beacon, stranger = strange_lamp(code, tmp_path, monkeypatch, answers.put)
    assert beacon.starting is not None
    beacon.starting.attempt()
    beacon.begin()
    beacon.obey(Command("1", Cmd.NUDGE))
    why = answers.get(timeout=10).why
    beacon.stop()
    origin = f"driver 'odd' ({stranger.origin('Odd')})"
    assert why == f"{origin} failed: light must return True or False, not {kind}"
    assert f"signal: nudge: {why} ({stranger.site / stranger.name}.py:4)" in caplog.text
    assert "awaited.py" not in caplog.text
