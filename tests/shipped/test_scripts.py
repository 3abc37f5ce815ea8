"""The scripts, as far as they leave this machine alone."""

import os
import shlex
import subprocess
from pathlib import Path

import pytest

from checkout import Checkout

pytestmark = pytest.mark.end_to_end  # each runs a script
CORES = len(os.sched_getaffinity(0))  # as nproc counts them
WORKERS = f"python -m pytest -q -rs -n {CORES + 1}"
QUICK = f"{WORKERS} -m not end_to_end and not slow --deselect=tests/lab"
ALL = f"{WORKERS} -m not end_to_end"
LAB = f"{ALL} tests/lab"
END_TO_END = "python -m pytest -q -rs -m end_to_end"
TOOLS = ("mosquitto", "shellcheck", "systemd-analyze", "victoria-metrics")


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
