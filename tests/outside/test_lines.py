"""The pin drivers on real GPIO lines of a kernel: gpio-sim in qemu."""

import json
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from repository import REPO, need

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def seen() -> dict[str, Any]:
    """Return what the drivers saw on the machine."""
    for command, package in (
        ("qemu-system-x86_64", "qemu-system-x86"),
        ("mmdebstrap", "mmdebstrap"),
        ("cpio", "cpio"),
    ):
        need(command, package)
    folder, site = REPO / ".venv" / "gpio-machine", sysconfig.get_path("purelib")
    done = subprocess.run(
        [
            "bash",
            HERE / "machine.sh",
            folder,
            site,
            HERE / "lines.py",
            REPO / "tests" / "pulses.py",
        ],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=900,
    )
    lines = [line.partition('{"') for line in done.stdout.splitlines()]
    told = [json.loads('{"' + rest) for _, begun, rest in lines if begun]
    assert told, done.stdout[-2000:] + done.stderr[-2000:]
    return {name: value for one in told for name, value in one.items()}


def test_each_train_has_its_edges_and_the_seconds_that_it_lasts(seen: dict[str, Any]) -> None:
    trains = {name: told for name, told in seen.items() if "played" in told and name != "flood"}
    assert len(trains) == 25
    for name, told in trains.items():
        (rising, settled_s), (moves, moved_s, _) = told["played"], told["seen"]
        assert (name, moves) == (name, rising)
        assert (name, moved_s) == (name, pytest.approx(settled_s, abs=0.1))


def test_after_more_edges_than_the_kernel_keeps_the_line_rests_again(seen: dict[str, Any]) -> None:
    (rising, settled_s), (moves, moved_s, _) = seen["flood"]["played"], seen["flood"]["seen"]
    assert 1 <= moves <= rising
    assert moved_s == pytest.approx(settled_s, abs=0.1)


def test_a_line_that_a_pir_holds_is_told_in_seconds(seen: dict[str, Any]) -> None:
    assert seen["held"] == [1, pytest.approx(3, abs=0.5), pytest.approx(3, abs=0.5)]
    for_s, still = seen["still held"]
    assert for_s >= 115
    assert still == [0, pytest.approx(for_s, abs=0.5), pytest.approx(for_s, abs=0.5)]
    moves, moved_s, active_s = seen["let go"]
    assert (moves, moved_s) == (0, pytest.approx(0.2 + active_s, abs=0.1))


@pytest.mark.parametrize("who", ["busy", "busy for a dht22"])
def test_a_pin_that_another_process_holds_is_called_busy(seen: dict[str, Any], who: str) -> None:
    assert seen[who].startswith("CannotRun GPIO 17 is busy: another program holds it")


def test_a_dht22_that_is_not_there_does_not_answer(seen: dict[str, Any]) -> None:
    assert seen["no dht22"] == "ReadFault no_answer"
