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
    assert len(trains) == 26
    for name, told in trains.items():
        (rising, settled_s), (moves, moved_s, _) = told["played"], told["seen"]
        assert (name, moves) == (name, rising)
        assert (name, moved_s) == (name, pytest.approx(settled_s, abs=0.1))


def test_after_more_edges_than_the_kernel_keeps_the_line_rests_again(seen: dict[str, Any]) -> None:
    (rising, settled_s), (moves, moved_s, _) = seen["flood"]["played"], seen["flood"]["seen"]
    assert 1 <= moves <= rising
    assert moved_s == pytest.approx(settled_s, abs=0.1)


def test_of_a_thousand_short_pulses_none_is_lost(seen: dict[str, Any]) -> None:
    assert seen["1000 pulses"]["played"][0] == 1000
    assert seen["1000 pulses"]["seen"][0] == 1000


def test_a_button_is_a_tap_a_hold_or_a_tap_whose_contacts_bounce(seen: dict[str, Any]) -> None:
    names = ("tap", "hold", "tap that bounces", "three taps")
    assert [seen[name] for name in names] == [["ack"], ["cramp"], ["ack"], ["ack"] * 3]


def test_lamp_and_buzzer_do_what_the_other_side_sees(seen: dict[str, Any]) -> None:
    for name in ("signals at the start", "signals when calm"):
        assert [[level for level, _ in line] for line in seen[name]] == [[0], [0]]
    assert [level for level, _ in seen["lamp"]] == [1]
    assert [level for level, _ in seen["buzzer"]] == [1, 0, 1, 0, 1, 0, 1]
    for level, for_s in seen["buzzer"][1:-1]:
        assert for_s == pytest.approx(0.4 if level else 1.1, abs=0.15)
    assert [level for level, _ in seen["blink"]] == [1, 0, 1, 0]


def test_mats_say_who_lies_there_and_nothing_while_a_contact_bounces(seen: dict[str, Any]) -> None:
    assert seen["mats with nobody"][1:] == [False, False]
    assert seen["mats with somebody"] == [None, True, True]
    assert seen["a mat that bounces"] == [None, True]


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


def test_the_pin_that_ticks_while_the_bed_is_moved_is_found(seen: dict[str, Any]) -> None:
    (found,) = seen["shaken"]
    assert (found["driver"], found["options"]) == ("gpio_motion", {"pin": 23})
    assert int(found["now"].split()[0]) >= 30
