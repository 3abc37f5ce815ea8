"""Another package's code, tried in a process of its own: how it ends that process is said."""

import importlib
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from legwatch_runtime import apart
from legwatch_runtime.apart import how_it_ends
from legwatch_runtime.secrets_beside import beside
from server.notify.test_parts import until

pytestmark = pytest.mark.slow  # each starts a process


@pytest.fixture(autouse=True)
def _none_was_tried_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "_ended", {})
    monkeypatch.setattr(apart, "_tried", set())


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
    assert how_it_ends("it", call) == how


def test_a_call_that_no_other_process_can_name_is_not_tried() -> None:
    assert how_it_ends("it", lambda: os._exit(7)) == ""


def test_one_that_hangs_is_left_to_the_limit_of_its_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "TRIED_WITHIN_S", 0.5)
    assert how_it_ends("it", partial(signal.sigwait, [signal.SIGUSR1])) == ""


def test_one_that_has_ended_is_not_tried_again_and_one_that_came_back_is_tried_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert how_it_ends("bad", os.abort) == "SIGABRT"
    assert how_it_ends("good", partial(int, "5")) == ""
    monkeypatch.delattr(subprocess, "run")
    assert how_it_ends("bad", partial(int, "5")) == "SIGABRT"  # mended, here perhaps not
    assert how_it_ends("good", partial(int, "5")) == ""


def test_no_file_of_the_current_folder_takes_the_name_of_a_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pickle.py").write_text("raise ValueError")
    monkeypatch.chdir(tmp_path)
    assert how_it_ends("it", os.abort) == "SIGABRT"


def test_it_ends_with_the_process_that_waits_for_it(tmp_path: Path) -> None:
    waits = f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    (tmp_path / "odd_that_waits.py").write_text(f"import os, time\ndef start():\n    {waits}\n")
    program = (
        "import odd_that_waits; from legwatch_runtime.apart import how_it_ends;"
        "how_it_ends('it', odd_that_waits.start)"
    )
    path = os.pathsep.join((str(tmp_path), *filter(None, sys.path)))
    parent = subprocess.Popen((sys.executable, "-c", program), env={"PYTHONPATH": path})
    pid = tmp_path / "pid"
    until(lambda: pid.is_file() and pid.read_text())
    parent.terminate()
    parent.wait()
    child = Path(f"/proc/{pid.read_text()}")
    until(lambda: not child.exists() or ") Z " in (child / "stat").read_text())


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
    assert how_it_ends("other", start) == ""
    with beside(tmp_path / "server.toml"):
        assert how_it_ends("it", start) == "exit code 9"
