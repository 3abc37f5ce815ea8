"""The units under a systemd of their own, in qemu: they start, are locked in, and come again."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from repository import REPO, need

HERE = Path(__file__).parent
LOCKED = {"CapEff": "0000000000000000", "NoNewPrivs": "1", "Seccomp": "2"}


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    """Return what the machine has reported."""
    for command, package in (
        ("qemu-system-x86_64", "qemu-system-x86"),
        ("mmdebstrap", "mmdebstrap"),
        ("cpio", "cpio"),
    ):
        need(command, package)
    folder = REPO / ".venv" / "gpio-machine"
    done = subprocess.run(
        ["bash", HERE / "units.sh", folder, HERE / "report.py"],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=3600,
    )
    lines = [line.partition('{"') for line in done.stdout.splitlines()]
    found = [json.loads('{"' + rest) for _, begun, rest in lines if begun and rest.endswith("}")]
    assert found, done.stdout[-3000:] + done.stderr[-2000:]
    return {name: value for one in found for name, value in one.items()}


def test_what_the_installer_has_made_starts_with_the_machine(told: dict[str, Any]) -> None:
    assert "failed" not in told
    assert told["one: windows come"]
    assert told["one: children"] == ["agent", "mosquitto", "server"]
    unit = told["one: unit"]
    assert (unit["ActiveState"], unit["User"], unit["NRestarts"]) == ("active", "legwatch", "0")
    assert {name: told["one: rights"][name] for name in LOCKED} == LOCKED
    assert float(told["one: exposure"].partition(": ")[2].split()[0]) < 4.0


def test_it_comes_again_after_a_kill_and_after_a_hang(told: dict[str, Any]) -> None:
    for what in ("the agent was killed", "all was killed", "a hang"):
        assert told[f"one: windows after {what}"], what
    assert told["one: hung for"] < 180  # WatchdogSec=60
    stopped, seconds = told["one: stopped"]
    assert (stopped["ActiveState"], seconds < 15) == ("inactive", True)


def test_the_units_of_a_home_server_run_beside_debians_broker(told: dict[str, Any]) -> None:
    assert told["home: windows come"]
    for unit in ("legwatch-server", "legwatch-agent"):
        assert told[f"{unit}: start"] == ""
        assert told[f"{unit}: unit"]["ActiveState"] == "active"
        assert {name: told[f"{unit}: rights"][name] for name in LOCKED} == LOCKED
    assert told["home: windows after the agent was killed"]
