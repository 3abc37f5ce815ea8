"""The scripts, and the shell lines for a home server, as far as they leave this machine alone."""

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from checkout import Checkout
from documents import in_page
from repository import REPO

pytestmark = pytest.mark.end_to_end  # each runs a script
CORES = len(os.sched_getaffinity(0))  # as nproc counts them
PREFIXES = ("sudo install ", "sudo cp ", "sudo sh ")
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


def test_a_home_server_gets_the_files_that_its_units_ask_for(tmp_path: Path) -> None:
    deploy = REPO / "deploy"
    named = in_page((deploy / "README.md").read_text())
    lines = [line for line in named if line.startswith(PREFIXES)]
    assert len(lines) == 4
    (tmp_path / "etc/systemd/system").mkdir(parents=True)
    for line in lines:
        for part in ("server", "agent"):  # the remarks say: agent, on the Pi
            here = line.removeprefix("sudo ").replace("server", part).replace("-g legwatch ", "")
            here = here.replace("/etc/", f"{tmp_path}/etc/")
            subprocess.run(["bash", "-euc", here], cwd=REPO, check=True)
    for part in ("server", "agent"):
        unit = (deploy / f"systemd/legwatch-{part}.service").read_text()
        assert (tmp_path / f"etc/systemd/system/legwatch-{part}.service").read_text() == unit
        assert f"/opt/legwatch/.venv/bin/legwatch {part} --config " in unit
        asked = re.findall(r"/etc/legwatch/[\w.-]+", unit)
        assert f"/etc/legwatch/{part}.toml" in asked
        assert [file for file in asked if not Path(f"{tmp_path}{file}").exists()] == []
    secrets = [*tmp_path.glob("etc/legwatch/*-password"), *tmp_path.glob("etc/legwatch/*-token")]
    assert len(secrets) == 4
    assert {secret.stat().st_mode & 0o777 for secret in secrets} == {0o600}
