"""The real pin libraries as on a Pi, up to the opening of /dev/gpiochipN.

What a library needs and does not bring, renames, or asks on a terminal shows here, and not at the
bedside. Each opening is a process of its own: the libraries keep what they found out, and change
the process they are in.
"""

import json
import os
import pty
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from repository import miss

PI = Path(__file__).with_name("pi.py")
PIS = {  # revision codes as in /proc/cpuinfo; each stands for another pin file of Blinka's
    "RASPBERRY_PI_3B": "a02082",
    "RASPBERRY_PI_4B": "c03114",
    "RASPBERRY_PI_5": "c04170",
    "RASPBERRY_PI_ZERO_2_W": "902120",
}
ON_GPIOZERO = ("gpio_motion", "gpio_button", "gpio")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        any(Path("/dev").glob("gpiochip*")),
        reason="this machine has GPIO pins, and they are not ours",
    ),
]


@pytest.fixture(autouse=True)
def _libraries() -> None:
    for module in ("adafruit_dht", "gpiod", "gpiozero", "lgpio"):
        if find_spec(module) is None:
            miss(f"the module {module} is not installed: pip install {module}")


def words(driver: str, **asked: Any) -> list[str]:
    return [sys.executable, str(PI), json.dumps({"driver": driver, **asked})]


def blinka(board: str, chip: str = "BCM2XXX") -> dict[str, str]:
    return {**os.environ, "BLINKA_FORCEBOARD": board, "BLINKA_FORCECHIP": chip}


def opened(
    driver: str, folder: Path, board: str = "RASPBERRY_PI_4B", chip: str = "BCM2XXX", **asked: Any
) -> dict[str, Any]:
    """Open a pin in a process of its own; the libraries say nothing beside the answer."""
    done = subprocess.run(
        words(driver, **{"revision": PIS.get(board), **asked}),
        env=blinka(board, chip),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def end(told: dict[str, Any]) -> tuple[str, str, str]:
    """Return the file in which it ended, the error there, and what was to be opened."""
    return told["files"][-1], told["error"], told["opened"]


@pytest.mark.parametrize("board", PIS)
def test_the_dht22_comes_as_far_as_the_device_file(board: str, tmp_path: Path) -> None:
    told = opened("dht22", tmp_path, board)
    assert end(told) == ("chip.py", "FileNotFoundError", "/dev/gpiochip97")


@pytest.mark.parametrize("board", PIS)
@pytest.mark.parametrize("pin", [0, 27])
def test_every_board_has_the_pins_that_settings_allow(board: str, pin: int, tmp_path: Path) -> None:
    assert opened("dht22", tmp_path, board, pin=pin)["opened"] == "/dev/gpiochip97"


@pytest.mark.parametrize("board", PIS)
@pytest.mark.parametrize("driver", ON_GPIOZERO)
def test_gpiozero_comes_as_far_as_the_device_file(driver: str, board: str, tmp_path: Path) -> None:
    told = opened(driver, tmp_path, board)
    assert end(told) == ("lgpio.py", "error", "0")
    assert told["text"] == "'can not open gpiochip'"


@pytest.mark.parametrize("board", PIS)
def test_without_gpiod_the_dht22_comes_not_as_far_and_says_why(board: str, tmp_path: Path) -> None:
    told = opened("dht22", tmp_path, board, without=["gpiod"])
    assert end(told)[:2] == ("raspberry_pi_pin.py", "ModuleNotFoundError")
    assert told["said"] == (
        "here: driver 'dht22' needs the module gpiod, and the extra 'device', which is installed, "
        f"lacks it: {sys.executable} -m pip install gpiod"
    )


@pytest.mark.parametrize("driver", ON_GPIOZERO)
def test_no_other_library_takes_the_place_of_lgpio(driver: str, tmp_path: Path) -> None:
    told = opened(driver, tmp_path, without=["lgpio"])
    assert told["said"] == (
        f"here: driver '{driver}' needs the module lgpio, and the extra 'device', which is "
        f"installed, lacks it: {sys.executable} -m pip install lgpio"
    )


@pytest.mark.parametrize(
    ("driver", "module"), [("dht22", "adafruit_dht"), ("gpio_motion", "gpiozero")]
)
def test_without_the_extra_the_extra_is_named(driver: str, module: str, tmp_path: Path) -> None:
    told = opened(driver, tmp_path, revision=None, without=[module])
    assert told["said"] == (
        f"here: driver '{driver}' needs the module {module}: "
        f"{sys.executable} -m pip install 'legwatch[device]'"
    )


UNKNOWN = "cannot start: this machine is no board whose GPIO pins the driver's library knows"


@pytest.mark.parametrize(
    ("board", "chip", "more"),
    [
        ("GENERIC_LINUX_PC", "GENERIC_X86", " (GENERIC_LINUX_PC has no D4)"),
        ("NO_SUCH_BOARD", "GENERIC_X86", ""),
        ("NO_SUCH_BOARD", "NO_SUCH_CHIP", ""),
    ],
)
def test_a_board_that_blinka_does_not_know_is_called_so(
    board: str, chip: str, more: str, tmp_path: Path
) -> None:
    told = opened("dht22", tmp_path, board, chip)
    assert told["said"] == f"here: driver 'dht22' {UNKNOWN}{more}"


def test_a_machine_that_gpiozero_takes_for_no_pi_is_called_so(tmp_path: Path) -> None:
    told = opened("gpio_motion", tmp_path, revision=None)
    assert told["said"].startswith(f"here: driver 'gpio_motion' {UNKNOWN}")
    assert told["error"] == "PinUnknownPi"


def test_a_folder_that_lgpio_may_not_write_to_is_called_so() -> None:
    done = subprocess.run(
        words("gpio_motion", revision=PIS["RASPBERRY_PI_4B"]),
        cwd="/proc",  # not even root may make a file there
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    said = json.loads(done.stdout)["said"]
    assert said == (
        "here: driver 'gpio_motion' cannot start: the library lgpio keeps a pipe in the current "
        "folder and may not write there; start the agent in a folder of yours"
    )


def test_the_dht22s_library_leaves_the_end_of_the_agent_to_the_agent(tmp_path: Path) -> None:
    assert opened("dht22", tmp_path)["sigterm"] is True


@pytest.mark.parametrize("board", PIS)
def test_nobody_is_asked_on_a_terminal_whether_more_may_be_installed(
    board: str, tmp_path: Path
) -> None:
    ours, theirs = pty.openpty()
    os.write(ours, b"n\n")  # an answer, should there be a question
    subprocess.run(
        words("dht22", revision=PIS[board]),
        env=blinka(board),
        cwd=tmp_path,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        timeout=60,
        check=True,
    )
    shown = os.read(ours, 65536).decode()
    os.close(theirs)
    os.close(ours)
    assert "/dev/gpiochip97" in shown
    assert "Blinka" not in shown
    assert "[Y/n]" not in shown


def test_a_gpiod_too_old_for_blinka_is_told_in_one_line(tmp_path: Path) -> None:
    told = opened("dht22", tmp_path, versions={"gpiod": "2.2.1"})
    assert told["said"].startswith("here: driver 'dht22' cannot start: Blinka found installed ")
    assert f"{sys.executable} -m pip install 'gpiod>=2.2.2,<3'" in told["said"]
    assert "\n" not in told["said"]
