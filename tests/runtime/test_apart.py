"""Another package's code, tried in a process of its own: how it ends that process is said."""

import importlib
import os
import signal
from functools import partial
from pathlib import Path

import pytest

from legwatch_runtime import apart
from legwatch_runtime.apart import how_it_ends
from legwatch_runtime.secrets_beside import beside

pytestmark = pytest.mark.slow  # each starts a process


@pytest.mark.parametrize(
    ("call", "how"),
    [
        (partial(os._exit, 7), "exit code 7"),
        (partial(os._exit, 0), "exit code 0"),
        (os.abort, "SIGABRT"),
        (partial(signal.raise_signal, signal.SIGSEGV), "SIGSEGV"),
        (partial(int, "5"), ""),
        (partial(int, "x"), ""),
        (partial(print, "<"), ""),
    ],
)
def test_only_what_ends_the_process_natively_is_said(call: "partial[object]", how: str) -> None:
    assert how_it_ends(call) == how


def test_a_call_that_no_other_process_can_name_is_not_tried() -> None:
    assert how_it_ends(lambda: os._exit(7)) == ""


def test_one_that_hangs_is_left_to_the_limit_of_its_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "TRIED_WITHIN_S", 0.5)
    assert how_it_ends(partial(signal.sigwait, [signal.SIGUSR1])) == ""


def test_it_finds_the_secrets_that_the_command_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secrets.env").write_text("LEGWATCH_ODD_TOKEN=beside\n")
    (tmp_path / "odd_of_a_test.py").write_text(
        "import os\nfrom legwatch_runtime.secrets import secret\n"
        "def start():\n    if secret('LEGWATCH_ODD_TOKEN') == 'beside': os._exit(9)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    start = importlib.import_module("odd_of_a_test").start
    assert how_it_ends(start) == ""
    with beside(tmp_path / "server.toml"):
        assert how_it_ends(start) == "exit code 9"
