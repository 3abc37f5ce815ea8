"""The scripts, as far as they leave this machine alone."""

import os
import shlex
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from checkout import Checkout

pytestmark = pytest.mark.end_to_end  # each runs a script
CORES = len(os.sched_getaffinity(0))  # as nproc counts them
WORKERS = f"python -m pytest -q -rs -n {CORES + 1}"
QUICK = f"{WORKERS} -m not end_to_end and not slow --deselect=tests/lab"
ALL = f"{WORKERS} -m not end_to_end"
LAB = f"{ALL} tests/lab"
REAL = "python -m pytest -q -rs -m end_to_end"
END_TO_END = f"{REAL} -n 2"
TOOLS = (
    *("mosquitto", "shellcheck", "systemd-analyze", "victoria-metrics", "faketime", "sudo"),
    *("qemu-system-x86_64", "mmdebstrap", "cpio"),  # for what is run by hand
)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("scripts/run --help", "usage: legwatch up "),
        ("scripts/test", f"{ALL}\n{END_TO_END}\n"),
        ("scripts/test --outside -x", "python -m pytest -q -rs tests/outside -x\n"),
        ("scripts/test --quick -x", f"{QUICK} -x\n"),
        ("scripts/test --lab -x", f"{LAB} -x\n"),
        ("scripts/check", "python -m mypy --no-error-summary\n"),
    ],
)
def test_scripts_do_what_they_are_for(tmp_path: Path, line: str, says: str) -> None:
    checkout = Checkout(tmp_path, tools=TOOLS)
    done = subprocess.run(
        shlex.split(line),
        cwd=tmp_path,
        env=checkout.env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert says in done.stdout
    assert "WRONG" not in done.stderr


@pytest.mark.parametrize(
    ("ends", "code", "asked"),
    [
        ("*end_to_end?-n?2) exit 1 ;;", 0, 2),  # too slow for two at a time, good alone
        ("*end_to_end?-n?2|*--last-failed*) exit 1 ;;", 1, 2),
        ("*end_to_end?-n?2) exit 3 ;;", 3, 1),  # pytest itself has failed
        ("*not?end_to_end*) exit 1 ;;", 1, 1),  # of the tests in one process none is asked again
    ],
)
def test_what_fails_beside_another_is_asked_again_alone(
    tmp_path: Path, ends: str, code: int, asked: int
) -> None:
    checkout = Checkout(tmp_path, tools=TOOLS)
    python = tmp_path / ".venv/bin/python"
    python.write_text(f'#!/bin/sh\necho "python $*"\ncase "$*" in {ends} esac\n')
    done = subprocess.run(
        ["scripts/test"],
        cwd=tmp_path,
        env=checkout.env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code
    lines = [line for line in done.stdout.splitlines() if "-m end_to_end" in line]
    assert len(lines) == asked
    assert lines[1:] == [f"{REAL} --last-failed --last-failed-no-failures none"][: asked - 1]


def test_another_shell_hands_a_script_to_bash(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path, tools=TOOLS)
    for shell in ("sh", "dash"):
        words = [shell, "scripts/run", "--help"]
        done = subprocess.run(
            words, cwd=tmp_path, env=checkout.env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert "usage: legwatch up " in done.stdout
        assert "llegal" not in done.stderr


def test_a_folder_of_somebody_else_is_said_in_a_sentence() -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        checkout = Checkout(folder, tools=TOOLS)
        shutil.rmtree(folder / ".venv")
        folder.chmod(0o555)
        other: dict[str, Any] = (
            {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
        )
        done = subprocess.run(
            ["bash", "scripts/run", "--help"],
            cwd=folder,
            env={**checkout.env, "PATH": "/usr/local/bin:/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=False,
            **other,
        )
        folder.chmod(0o755)
    assert done.returncode == 1
    assert done.stderr.startswith(f"legwatch cannot set itself up in {name}: ")
    assert len(done.stderr.splitlines()) == 1
